{# When the rows of `loads`, a query, landed: of each raw table one literal range, so that the engine skips files; none,
   which is everything, where a load's time isn't known. One is enough: all loads that landed since the last run wait,
   so few that are unified lie between two that do. #}
{% macro landing_ranges(loads) %}
    {%- if not execute -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set sql -%}
        select
            raw_table,
            cast(date_trunc('minute', min(ingest_ts)) - interval '1' minute as varchar) as range_start,
            cast(date_trunc('minute', max(ingest_ts)) + interval '2' minute as varchar) as range_end,
            count(*) - count(ingest_ts) as unknown_times
        from ({{ loads }}) as loads
        group by raw_table
    {%- endset -%}
    {%- set ranges = {} -%}
    {%- for raw_table, start, end, unknown_times in run_query(sql).rows -%}
        {%- do ranges.update({raw_table: none if unknown_times else {"start": start, "end": end}}) -%}
    {%- endfor -%}
    {{ return(ranges) }}
{% endmacro %}
