{# A condition that the value of `column` is one of `values`, which are names. With no names it is never true. #}
{% macro one_of(column, values) -%}
    {%- if values -%}
        {{ column }} in ('{{ values | join("', '") }}')
    {%- else -%}
        1 = 0
    {%- endif -%}
{%- endmacro %}
