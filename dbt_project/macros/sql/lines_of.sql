{# The values of a group, except nulls, as one text with one line per value, ordered by `ordered_by`. #}
{% macro lines_of(value, ordered_by) %}
    {{- return(adapter.dispatch("lines_of", "schemahub")(value, ordered_by)) -}}
{% endmacro %}

{% macro duckdb__lines_of(value, ordered_by) -%}
    string_agg({{ value }}, chr(10) order by {{ ordered_by }})
{%- endmacro %}

{% macro athena__lines_of(value, ordered_by) -%}
    array_join(array_agg({{ value }} order by {{ ordered_by }}) filter (where {{ value }} is not null), chr(10))
{%- endmacro %}
