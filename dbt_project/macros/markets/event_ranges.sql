{# The stretches of time that contain the hours to read, as literal ranges. They are empty as long as no run has asked
   for hours, so that `dbt docs generate` and the like work. #}
{% macro event_ranges() %}
    {%- set hours = ref("event_hours") -%}
    {%- if not load_relation(hours) -%}
        {{ return([empty_range()]) }}
    {%- endif -%}
    {%- set intervals -%}
        select
            read_hour as first_ts,
            read_hour + interval '59' minute as last_ts,
            0 as is_unknown
        from {{ hours }}
    {%- endset -%}
    {{ return(merged_ranges(intervals)) }}
{% endmacro %}
