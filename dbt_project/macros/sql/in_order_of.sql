{# The end of a statement whose rows are stored, so that each file has a narrow range of a column. It brings its own
   line, so that nothing is left of it on Athena. #}
{% macro in_order_of(column) %}
    {{- return(adapter.dispatch("in_order_of", "schemahub")(column)) -}}
{% endmacro %}

{% macro duckdb__in_order_of(column) %}
order by {{ column }}
{%- endmacro %}

{# Athena inserts rows in any order, whatever the statement says. #}
{% macro athena__in_order_of(column) -%}
{%- endmacro %}
