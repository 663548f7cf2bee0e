{#
    DuckDB can't rename an Iceberg table in the transaction that created it, and has no CREATE OR REPLACE for one. So an
    existing table stays readable while its successor is built under a temporary name and committed; then the names are
    swapped.
#}
{% macro build_iceberg_table() %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type="table") -%}
    {%- set successor = make_intermediate_relation(target) -%}
    {%- set backup = make_backup_relation(target, "table") -%}
    {%- set partitioned_by = duckdb__get_partitioned_by(target, false) -%}

    {#- drop what an unfinished run left, in a separate transaction, because DuckDB can't create a table under a name
        that the same transaction has dropped #}
    {% for leftover in [load_cached_relation(successor), load_cached_relation(backup)] if leftover is not none %}
        {% do adapter.drop_relation(leftover) %}
        {% do adapter.commit() %}
    {% endfor %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement("main", language=model["language"], auto_begin=false) %}
        {{- create_table_as(
            False, target if existing is none else successor, compiled_code, model["language"],
            partitioned_by=partitioned_by
        ) }}
    {% endcall %}
    {% do adapter.commit() %}

    {% if existing is not none %}
        {%- set loss = loss_of_refresh(existing, successor) -%}
        {% if loss %}
            {#- leave no transaction open: DuckDB may end the process if an error is raised in an open transaction #}
            {% do adapter.drop_relation(successor) %}
            {% do adapter.commit() %}
            {% do exceptions.raise_compiler_error(loss) %}
        {% endif %}
        {% do adapter.rename_relation(existing, backup) %}
        {% do adapter.rename_relation(successor, target) %}
        {% do adapter.commit() %}
        {% do adapter.drop_relation(backup) %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}
{% endmacro %}
