{# What a target reads of `sources`, pairs of raw table and staging model: the staging model and a landing range each. An
   increment leaves out sources without pending loads; a build reads everything, which is the range none. #}
{% macro pending_reads(target, sources) %}
    {%- set landed = pending_landing_ranges(target) if is_incremental() else {} -%}
    {%- set reads = [] -%}
    {%- for raw_table, staging in sources if raw_table in landed or not is_incremental() -%}
        {%- do reads.append((staging, landed.get(raw_table))) -%}
    {%- endfor -%}
    {{ return(reads) }}
{% endmacro %}

{# When the rows landed of the target's pending loads that were found whole: see `landing_ranges`. #}
{% macro pending_landing_ranges(target) %}
    {{ return(landing_ranges(
        "select raw_table, ingest_ts from " ~ ref("pending_loads")
        ~ " where target = '" ~ target ~ "' and is_complete = 1"
    )) }}
{% endmacro %}

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

{# The stretches of event time that the target's pending loads touch: literal ranges of whole minutes, at least a minute
   wider at both ends, because two channels may tell a trade's time differently finely. #}
{% macro pending_event_ranges(target) %}
    {%- set times = pending_times(target) -%}
    {{ return(merged_ranges(times) if is_incremental() else [none]) }}
{% endmacro %}

{# A query for the event times of the target's pending loads that were found whole, as `merged_ranges` takes it. #}
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

{# Intervals as few ranges: those less than an hour apart are merged, and more than `at_most` become one, because each is
   a stage for Athena, which has 150 in a statement, and trades_1m_versions reads two tables by them. [none], which is
   everything, where an interval isn't known. `intervals` gives first_ts, last_ts and is_unknown (0 or 1). #}
{% macro merged_ranges(intervals, at_most=40) %}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set rows = run_query(merged_ranges_sql(intervals)).rows -%}
    {%- if rows | selectattr(2) | list -%}
        {{ return([none]) }}
    {%- endif -%}
    {%- if rows | length > at_most -%}
        {{ return([{"start": rows[0][0], "end": rows[-1][1]}]) }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for row in rows -%}
        {%- do ranges.append({"start": row[0], "end": row[1]}) -%}
    {%- endfor -%}
    {{ return(ranges) }}
{% endmacro %}

{% macro merged_ranges_sql(intervals) %}
    with intervals as ({{ intervals }}),
    widened as (
        select
            date_trunc('minute', first_ts) - interval '1' minute as start_ts,
            date_trunc('minute', last_ts) + interval '2' minute as end_ts,
            case when is_unknown = 1 or first_ts is null or last_ts is null then 1 else 0 end as is_unknown
        from intervals
    ),
    compared as (
        select
            *,
            max(end_ts) over (
                order by start_ts, end_ts rows between unbounded preceding and 1 preceding
            ) as end_before
        from widened
    ),
    numbered as (
        select
            *,
            sum(case when end_before is null or start_ts > end_before + interval '1' hour then 1 else 0 end) over (
                order by start_ts, end_ts rows between unbounded preceding and current row
            ) as stretch
        from compared
    )
    select
        cast(min(start_ts) as varchar) as stretch_start,
        cast(max(end_ts) as varchar) as stretch_end,
        max(is_unknown) as has_unknown
    from numbered
    group by stretch
    order by stretch
{% endmacro %}
