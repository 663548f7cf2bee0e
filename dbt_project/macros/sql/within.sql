{# A condition that a timestamp is in `range`, one of `pending_landing_ranges` or `pending_event_ranges`. The start is
   inclusive, the end is exclusive. #}
{% macro within(column, range) -%}
    {%- if range is none -%}
        1 = 1
    {%- else -%}
        {{ column }} >= timestamp '{{ range.start }}'
        and {{ column }} < timestamp '{{ range.end }}'
    {%- endif -%}
{%- endmacro %}
