{# When the rows of `loads`, a query, landed: one literal range per raw table, with which the engine skips files, or
   none, which means everything, if a load's time is unknown. All rows of a load have its landing time. The range
   ends a second after the last one, because its end is exclusive. One range is enough: every load that landed since the
   last run is pending, so few unified loads lie between two pending ones. #}
{% macro landing_ranges(loads) %}
    {%- if not execute -%}
        {{ return({}) }}
    {%- endif -%}
    {%- set sql -%}
        select
            raw_table,
            cast(min(ingest_ts) as varchar) as range_start,
            cast(max(ingest_ts) + interval '1' second as varchar) as range_end,
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
