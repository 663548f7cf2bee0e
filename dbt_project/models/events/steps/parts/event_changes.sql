-- The changes of each listing's price between hundredths of a second with
-- trades, in the hours that are computed. An interval of more than half a minute
-- says nothing about milliseconds.
{%- set longest_us = 30 * 1000000 %}

with

ticks as (

    select
        prices.base_asset,
        prices.trade_hour as hour_start,
        prices.exchange,
        prices.canonical_symbol,
        prices.trade_us - mod(prices.trade_us, 10000) as tick_us,
        max_by(prices.level_bps, prices.trade_us) as level_bps
    from {{ ref("event_prices") }} as prices
    inner join {{ ref("event_hours") }} as hours
        on
            prices.base_asset = hours.base_asset
            and prices.trade_hour = hours.hour_start
            and prices.trade_hour = hours.read_hour
    group by
        prices.base_asset,
        prices.trade_hour,
        prices.exchange,
        prices.canonical_symbol,
        prices.trade_us - mod(prices.trade_us, 10000)

),

compared as (

    select
        base_asset,
        hour_start,
        exchange,
        canonical_symbol,
        tick_us as until_us,
        lag(tick_us) over (
            partition by hour_start, exchange, canonical_symbol
            order by tick_us
        ) as since_us,
        level_bps - lag(level_bps) over (
            partition by hour_start, exchange, canonical_symbol
            order by tick_us
        ) as change_bps
    from ticks

),

event_changes as (

    select * from compared
    where until_us - since_us <= {{ longest_us }}

)

select * from event_changes
