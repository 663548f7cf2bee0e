{# The table unified_loads, or nothing before its first build. Not a ref: it is built after those that look at it. #}
{% macro recorded_loads() %}
    {{ return((lake_relation("unified_loads") if execute else none) or "") }}
{% endmacro %}
