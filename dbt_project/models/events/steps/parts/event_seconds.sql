-- The last price of each second, once for each hour for which it is read.
with

last_prices as (

    select
        base_asset,
        trade_hour,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000) as second_us,
        max_by(level_bps, trade_us) as level_bps
    from {{ ref("event_prices") }}
    group by
        base_asset,
        trade_hour,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000)

),

event_seconds as (

    select
        hours.base_asset,
        hours.hour_start,
        last_prices.canonical_symbol,
        last_prices.exchange,
        last_prices.second_us,
        last_prices.level_bps
    from last_prices
    inner join {{ ref("event_hours") }} as hours
        on
            last_prices.base_asset = hours.base_asset
            and last_prices.trade_hour = hours.read_hour

)

select * from event_seconds
