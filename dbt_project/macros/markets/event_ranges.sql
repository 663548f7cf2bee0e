{# The stretches of time that contain the hours to read, as literal ranges. #}
{% macro event_ranges() %}
    {%- set intervals -%}
        select
            read_hour as first_ts,
            read_hour + interval '59' minute as last_ts,
            0 as is_unknown
        from {{ ref("event_hours") }}
    {%- endset -%}
    {{ return(merged_ranges(intervals)) }}
{% endmacro %}
