{# The table unified_loads, or nothing before its first build, or where it is of a time that knew no targets. Not a ref:
   it is built after those that look at it. #}
{% macro recorded_loads() %}
    {%- set recorded = lake_relation("unified_loads") if execute else none -%}
    {%- if recorded is none -%}
        {{ return("") }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(recorded) | map(attribute="name") | list -%}
    {{ return(recorded if "target" in columns else "") }}
{% endmacro %}
