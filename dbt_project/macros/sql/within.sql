{# Whether a timestamp lies in one of `pending_landing_ranges` or `pending_event_ranges`: from its start, inclusive,
   to its end, exclusive. #}
{% macro within(column, range) -%}
    {%- if range is none -%}
        1 = 1
    {%- else -%}
        {{ column }} >= timestamp '{{ range.start }}'
        and {{ column }} < timestamp '{{ range.end }}'
    {%- endif -%}
{%- endmacro %}
