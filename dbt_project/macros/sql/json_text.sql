{# The element at `position`, from 0, of a JSON array, as text. #}
{% macro json_text(array, position) %}
    {{- return(adapter.dispatch("json_text", "schemahub")(array, position)) -}}
{% endmacro %}

{% macro duckdb__json_text(array, position) -%}
    json_extract_string({{ array }}, '$[{{ position }}]')
{%- endmacro %}

{% macro athena__json_text(array, position) -%}
    json_extract_scalar({{ array }}, '$[{{ position }}]')
{%- endmacro %}
