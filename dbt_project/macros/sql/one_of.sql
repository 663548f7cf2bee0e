{# Whether a column has one of `values`, which are names; never, where there are none. #}
{% macro one_of(column, values) -%}
    {%- if values -%}
        {{ column }} in ('{{ values | join("', '") }}')
    {%- else -%}
        1 = 0
    {%- endif -%}
{%- endmacro %}
