{# The query that `merged_ranges` runs: one row per merged stretch of time, in order of time. #}
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
