{# Increments are dbt-athena's own. A full refresh differs: dbt-athena drops the table first and, over more than 100
   days, fills it in several commits, so a run that is killed leaves a part that looks whole. Here the successor is
   built aside and swapped in, as `table` models are. #}
{% materialization incremental, adapter="athena", supported_languages=["sql"] %}
    {%- set existing = load_relation(this) -%}
    {% if existing is none or not should_full_refresh() %}
        {{ return(dbt.materialization_incremental_athena()) }}
    {% endif %}

    {%- set target = this.incorporate(type="table") -%}
    {%- set identifier = target.identifier -%}
    {#- in the folder of the name that it gets #}
    {%- set aside = api.Relation.create(
        database=database, schema=schema, identifier=identifier ~ "__dbt_new",
        s3_path_table_part=identifier, type="table"
    ) -%}
    {%- set backup = make_temp_relation(target, "__dbt_old") -%}
    {% for leftover in [aside, backup] if load_relation(leftover) is not none %}
        {% do drop_relation(leftover) %}
    {% endfor %}

    {{ run_hooks(pre_hooks) }}
    {%- set result = safe_create_table_as(False, aside, compiled_code) -%}
    {% do rename_relation(target, backup) %}
    {% do rename_relation(aside, target) %}
    {% do drop_relation(backup) %}
    {% call statement("main") %}
        select '{{ result }}' as result
    {% endcall %}
    {{ run_hooks(post_hooks) }}
    {{ return({"relations": [target]}) }}
{% endmaterialization %}
