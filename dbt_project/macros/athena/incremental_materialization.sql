{# Increments are dbt-athena's own. A build is different: dbt-athena fills a table of more than 100 days in several
   commits, so a run that is killed would leave a partial table that looks complete. Here the table is built under a
   temporary name and swapped in once it is complete, as dbt-athena does for `table` models. #}
{% materialization incremental, adapter="athena", supported_languages=["sql"] %}
    {%- set existing = load_relation(this) -%}
    {%- set target = this.incorporate(type="table") -%}
    {%- set identifier = target.identifier -%}
    {#- its files are in the folder of its final name #}
    {%- set successor = api.Relation.create(
        database=database, schema=schema, identifier=identifier ~ "__dbt_new",
        s3_path_table_part=identifier, type="table"
    ) -%}
    {%- set batches = make_temp_relation(successor, "__tmp_not_partitioned") -%}
    {%- set backup = make_temp_relation(target, "__dbt_old") -%}
    {#- drop what a killed run left; a backup is kept as long as there is no table in its place #}
    {% for leftover in [successor, batches] + ([backup] if existing else []) if load_relation(leftover) %}
        {% do drop_relation(leftover) %}
    {% endfor %}
    {% if existing and not should_full_refresh() %}
        {{ return(dbt.materialization_incremental_athena()) }}
    {% endif %}

    {{ run_hooks(pre_hooks) }}
    {%- set result = safe_create_table_as(False, successor, compiled_code) -%}
    {% if existing %}
        {%- set loss = loss_of_refresh(target, successor) -%}
        {% if loss %}
            {% do drop_relation(successor) %}
            {% do exceptions.raise_compiler_error(loss) %}
        {% endif %}
        {% do rename_relation(target, backup) %}
    {% endif %}
    {% do rename_relation(successor, target) %}
    {% do drop_relation(backup) %}
    {% call statement("main") %}
        select '{{ result }}' as result
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}
