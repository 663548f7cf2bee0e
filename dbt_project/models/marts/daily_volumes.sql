with

bars as (

    select * from {{ ref("trades_1m") }}

),

days as (

    select
        exchange,
        symbol,
        cast(minute as date) as trade_date,
        sum(trade_count) as trade_count,
        sum(base_volume) as base_volume,
        sum(quote_volume) as quote_volume,
        sum(quote_volume) / nullif(sum(base_volume), 0) as vwap,
        max(high_price) as high_price,
        min(low_price) as low_price
    from bars
    group by exchange, symbol, cast(minute as date)

)

select * from days
