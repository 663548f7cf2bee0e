{# The table unified_loads, or nothing where everything is to be unified anew: before the first run, on a full
   refresh, and where one of `tables` is gone. #}
{% macro recorded_loads(tables) %}
    {%- if not execute or flags.FULL_REFRESH -%}
        {{ return("") }}
    {%- endif -%}
    {%- for table in tables if lake_relation(table) is none -%}
        {{ return("") }}
    {%- endfor -%}
    {{ return(unified_loads_if_built()) }}
{% endmacro %}
