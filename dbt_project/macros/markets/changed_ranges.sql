{# The stretches of time whose trades `changed_hours` needs, each hour with the one before it, as literal ranges. #}
{% macro changed_ranges() %}
    {%- if not is_incremental() -%}
        {{ return([empty_range()]) }}
    {%- endif -%}
    {%- set intervals -%}
        select
            hour_start - interval '1' hour as first_ts,
            hour_start + interval '59' minute as last_ts,
            0 as is_unknown
        from ({{ changed_hours() }}) as changed
    {%- endset -%}
    {{ return(merged_ranges(intervals)) }}
{% endmacro %}
