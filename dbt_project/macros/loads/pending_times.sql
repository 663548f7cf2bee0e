{# A query for the event times of the target's complete pending loads, with the columns that `merged_ranges` expects. #}
{% macro pending_times(target) %}
    {%- set sql -%}
        select
            min_event_ts as first_ts,
            max_event_ts as last_ts,
            has_unknown_times as is_unknown
        from {{ ref("pending_loads") }}
        where target = '{{ target }}' and is_complete = 1 and row_count > 0
    {%- endset -%}
    {{ return(sql) }}
{% endmacro %}
