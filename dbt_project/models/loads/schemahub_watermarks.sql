with

ledger as (

    select * from {{ source("lake", "schemahub_loads") }}

),

-- a single row may have an absurd time
timed as (

    select
        *,
        case
            when max_event_ts is not null then least(max_event_ts, landed_at)
        end as last_event_ts
    from ledger

),

ranked as (

    select
        *,
        sum(row_count) over (partition by source, stream) as landed_rows,
        row_number() over (
            partition by source, stream
            order by
                case when last_event_ts is null then 1 else 0 end,
                last_event_ts desc,
                landed_at desc,
                load_id desc
        ) as recency
    from timed

),

watermarks as (

    select
        source,
        stream,
        last_id,
        last_event_ts,
        channel,
        load_id,
        landed_at,
        landed_rows
    from ranked
    where recency = 1

)

select * from watermarks
