{# The table unified_loads, or an empty text before its first build, or if it was built by an old version without the
   column `target`. This is not a ref, because the table is built after the models that read it. #}
{% macro recorded_loads() %}
    {%- set recorded = lake_relation("unified_loads") if execute else none -%}
    {%- if recorded is none -%}
        {{ return("") }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(recorded) | map(attribute="name") | list -%}
    {{ return(recorded if "target" in columns else "") }}
{% endmacro %}
