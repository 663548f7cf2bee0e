{# When the rows of a table's pending loads landed: literal ranges, so that the engine skips files. An increment reads
   nothing where the list is empty; a build reads everything. #}
{% macro pending_landing_ranges(raw_table) %}
    {%- set pending = ref("pending_loads") -%}
    {%- if not is_incremental() -%}
        {{ return([none]) }}
    {%- endif -%}
    {{ return(merged_ranges(
        "select ingest_ts as first_ts, ingest_ts as last_ts, 0 as is_unknown from " ~ pending
        ~ " where raw_table = '" ~ raw_table ~ "'"
    )) }}
{% endmacro %}

{# What to read of `sources`, pairs of raw table and staging model: (raw table, staging model, landing range) each. #}
{% macro pending_reads(sources) %}
    {%- set reads = [] -%}
    {%- for raw_table, staging in sources -%}
        {%- for landed in pending_landing_ranges(raw_table) -%}
            {%- do reads.append((raw_table, staging, landed)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(reads) }}
{% endmacro %}

{# The stretches of event time that pending loads touch, of some raw tables or of all: literal ranges of whole
   minutes, at least a minute wider at both ends, because two channels may tell a trade's time differently finely. #}
{% macro pending_event_ranges(raw_tables=none) %}
    {%- set pending = ref("pending_loads") -%}
    {%- if not is_incremental() -%}
        {{ return([none]) }}
    {%- endif -%}
    {%- set sql = "select min_trade_ts as first_ts, max_trade_ts as last_ts, has_unknown_times as is_unknown from "
        ~ pending ~ " where row_count > 0" -%}
    {%- if raw_tables is not none -%}
        {%- set sql = sql ~ " and raw_table in ('" ~ raw_tables | join("', '") ~ "')" -%}
    {%- endif -%}
    {{ return(merged_ranges(sql)) }}
{% endmacro %}

{# Intervals as few ranges: those less than an hour apart are merged, and more than `at_most` become one. [none], which
   is everything, where an interval isn't known. `intervals` gives first_ts, last_ts and is_unknown (0 or 1). #}
{% macro merged_ranges(intervals, at_most=60) %}
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
