with

ledger as (

    select * from {{ source("lake", "schemahub_loads") }}

),

ranked as (

    select
        *,
        sum(row_count) over (partition by exchange, symbol) as landed_rows,
        row_number() over (
            partition by exchange, symbol
            order by
                case when max_trade_ts is null then 1 else 0 end,
                max_trade_ts desc,
                landed_at desc,
                load_id desc
        ) as recency
    from ledger

),

watermarks as (

    select
        exchange,
        symbol,
        last_id as last_trade_id,
        max_trade_ts as last_trade_ts,
        channel,
        load_id,
        landed_at,
        landed_rows
    from ranked
    where recency = 1

)

select * from watermarks
