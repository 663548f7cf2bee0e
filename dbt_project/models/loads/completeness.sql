-- Reads the ledger and unified_loads, and no raw table. A single row may have
-- an absurd time, so days before 2009-01-03 and after a landing are left out.
-- `schemahub gaps --by-date` shows the same.
{%- set earliest = "timestamp '2009-01-03 00:00:00.000000'" %}

with

ledger as (

    select * from {{ source("lake", "schemahub_loads") }}

),

unified as (

    select distinct
        raw_table,
        load_id
    from {{ ref("unified_loads") }}

),

stretches as (

    select
        ledger.source,
        ledger.stream,
        cast({{ json_text("elements.element", 0) }} as bigint) as low_key,
        cast({{ json_text("elements.element", 1) }} as bigint) as high_key,
        cast({{ json_text("elements.element", 2) }} as bigint) as since_us,
        cast({{ json_text("elements.element", 3) }} as bigint) as until_us,
        {{ json_text("elements.element", 5) }} as proof
    from ledger
    {{ json_elements("ledger.coverage") }}

),

timed as (

    select
        source,
        stream,
        low_key,
        high_key,
        proof,
        greatest({{ time_of_us("since_us") }}, {{ earliest }}) as since,
        greatest({{ time_of_us("until_us") }}, {{ earliest }}) as until
    from stretches

),

in_order as (

    select
        *,
        max(high_key) over (
            partition by source, stream
            order by low_key
            rows between unbounded preceding and 1 preceding
        ) as high_key_before,
        lag(until) over (
            partition by source, stream order by low_key
        ) as until_before,
        lead(low_key) over (
            partition by source, stream order by low_key
        ) as low_key_after,
        lead(since) over (
            partition by source, stream order by low_key
        ) as since_after
    from timed

),

holes as (

    select
        source,
        stream,
        until_before as since,
        greatest(until_before, since) as until
    from in_order
    where low_key > high_key_before

),

-- what time and sales hold, joined where stretches touch; the stream with ids
-- that is beside needs no rows of these times
beside as (

    select
        *,
        sum(case when low_key > high_key_before then 1 else 0 end) over (
            partition by source, stream
            order by low_key
            rows between unbounded preceding and current row
        ) as place
    from in_order
    where stream like '% (time and sales)'

),

in_files as (

    select
        source,
        replace(stream, ' (time and sales)', '') as stream,
        {{ time_of_us("min(low_key)") }} as since,
        {{ time_of_us("max(high_key)") }} as until
    from beside
    group by source, stream, place

),

hole_days as (

    select
        holes.source,
        holes.stream,
        holes.since,
        holes.until,
        cast(days.day as date) as utc_date,
        greatest(holes.since, cast(days.day as timestamp(6))) as first_time,
        cast(days.day as timestamp(6)) + interval '1' day as next_day
    from holes
    {{ days_between("holes.since", "holes.until") }}

),

-- if two stretches touch, nothing happened between them
held as (

    select
        source,
        stream,
        since,
        case
            when low_key_after = high_key then greatest(until, since_after)
            else until
        end as until,
        proof
    from in_order

    union all

    select
        source,
        stream,
        greatest(min_event_ts, {{ earliest }}) as since,
        greatest(min_event_ts, {{ earliest }}, least(max_event_ts, landed_at))
            as until,
        'unprovable' as proof
    from ledger
    where
        coalesce(coverage, '[]') = '[]'
        and min_event_ts is not null
        and min_event_ts <= landed_at

),

touched as (

    select
        held.source,
        held.stream,
        cast(days.day as date) as utc_date,
        greatest(held.since, cast(days.day as timestamp(6))) as held_since,
        least(held.until, cast(days.day as timestamp(6)) + interval '1' day)
            as held_until,
        0 as holes,
        case when held.proof = 'unprovable' then 1 else 0 end as is_unprovable,
        case when held.proof in ('ids', 'absent') then 0 else 1 end as is_sparse
    from held
    {{ days_between("held.since", "held.until") }}

    union all

    -- rows of a hole between two equal times may be on either side of an edge
    select
        hole_days.source,
        hole_days.stream,
        hole_days.utc_date,
        cast(null as timestamp(6)) as held_since,
        cast(null as timestamp(6)) as held_until,
        case when in_files.source is null then 1 else 0 end as holes,
        0 as is_unprovable,
        case when in_files.source is null then 0 else 1 end as is_sparse
    from hole_days
    left join in_files
        on
            hole_days.source = in_files.source
            and hole_days.stream = in_files.stream
            and hole_days.since < hole_days.until
            and hole_days.first_time >= in_files.since
            and (
                hole_days.until < in_files.until
                or hole_days.next_day <= in_files.until
            )

),

by_date as (

    select
        source,
        stream,
        utc_date,
        min(held_since) as held_since,
        max(held_until) as held_until,
        sum(holes) as holes,
        max(is_unprovable) as is_unprovable,
        max(is_sparse) as is_sparse
    from touched
    group by source, stream, utc_date
    having count(held_since) + sum(holes) > 0

),

loads as (

    select
        ledger.source,
        ledger.stream,
        ledger.row_count,
        greatest(ledger.min_event_ts, {{ earliest }}) as since,
        greatest(
            ledger.min_event_ts,
            {{ earliest }},
            least(ledger.max_event_ts, ledger.landed_at)
        ) as until,
        cast(ledger.min_event_ts as date) as first_date,
        cast(ledger.max_event_ts as date) as last_date,
        try_cast(ledger.first_id as bigint) as first_id,
        try_cast(ledger.last_id as bigint) as last_id,
        case when unified.load_id is null then 1 else 0 end as is_pending
    from ledger
    left join unified
        on
            ledger.raw_table = unified.raw_table
            and ledger.load_id = unified.load_id
    where
        ledger.min_event_ts is not null
        and ledger.min_event_ts <= ledger.landed_at

),

landed as (

    select
        loads.source,
        loads.stream,
        cast(days.day as date) as utc_date,
        loads.is_pending,
        case
            when loads.first_date = loads.last_date then loads.row_count
            else 0
        end as row_count,
        case
            when loads.first_date = loads.last_date then 0
            else loads.row_count
        end as edge_rows,
        case
            when loads.first_date = loads.last_date then loads.first_id
        end as first_id,
        case
            when loads.first_date = loads.last_date then loads.last_id
        end as last_id
    from loads
    {{ days_between("loads.since", "loads.until") }}

),

landed_by_date as (

    select
        source,
        stream,
        utc_date,
        max(is_pending) as is_pending,
        sum(row_count) as row_count,
        sum(edge_rows) as edge_rows,
        min(first_id) as first_id,
        max(last_id) as last_id
    from landed
    group by source, stream, utc_date

),

joined as (

    select
        by_date.*,
        landed_by_date.first_id,
        landed_by_date.last_id,
        landed_by_date.row_count,
        landed_by_date.edge_rows,
        coalesce(landed_by_date.is_pending, 0) as is_pending,
        max(by_date.utc_date) over (
            partition by by_date.source, by_date.stream
        ) as newest_date
    from by_date
    left join landed_by_date
        on
            by_date.source = landed_by_date.source
            and by_date.stream = landed_by_date.stream
            and by_date.utc_date = landed_by_date.utc_date

),

completeness as (

    select
        source,
        stream,
        utc_date,
        case
            when holes > 0 then 'gaps'
            when is_pending = 1 or utc_date = newest_date then 'pending'
            when is_unprovable = 1 then 'unprovable'
            else 'complete'
        end as state,
        held_since,
        held_until,
        first_id,
        last_id,
        cast(coalesce(row_count, 0) as bigint) as row_count,
        cast(coalesce(edge_rows, 0) as bigint) as edge_rows,
        case
            when is_sparse = 0 and stream not like '% (time and sales)'
                then last_id - first_id + 1
        end as expected_count,
        cast(holes as bigint) as holes
    from joined

)

select * from completeness
