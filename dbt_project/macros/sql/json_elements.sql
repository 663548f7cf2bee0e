{# A join with one row for each element of a JSON array, in the column `element` of `elements`; none for null. #}
{% macro json_elements(array) %}
    {{- return(adapter.dispatch("json_elements", "schemahub")(array)) -}}
{% endmacro %}

{% macro duckdb__json_elements(array) -%}
    cross join unnest(json_extract({{ array }}, '$[*]')) as elements (element)
{%- endmacro %}

{% macro athena__json_elements(array) -%}
    cross join unnest(cast(json_parse({{ array }}) as array(json))) as elements (element)
{%- endmacro %}
