{# One transaction of two statements. dbt creates a view under another name and then renames it and the old one, which
   takes twice as long. #}
{% materialization view, adapter="duckdb" %}
    {%- set existing = load_cached_relation(this) -%}
    {% if existing is not none and not existing.is_view %}
        {{ return(dbt.materialization_view_default()) }}
    {% endif %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set target = this.incorporate(type="view") -%}
    {% call statement("main") %}
        drop view if exists {{ target }};
        {{ get_create_view_as_sql(target, sql) }}
    {% endcall %}
    {% do persist_docs(target, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}
