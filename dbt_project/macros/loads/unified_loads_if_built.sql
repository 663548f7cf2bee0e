{# The table unified_loads, or nothing before its first build. Not a ref: it is built after those that ask. #}
{% macro unified_loads_if_built() %}
    {{ return((lake_relation("unified_loads") or "") if execute else "") }}
{% endmacro %}
