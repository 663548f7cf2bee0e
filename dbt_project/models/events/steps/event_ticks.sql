-- The prices of all listings of the asset during each event, with a second
-- before and after it. The most important listing of an event is the one that
-- trades most among those of the event's own symbol.
with

ticks as (

    select
        stretches.hour_start,
        stretches.canonical_symbol as event_symbol,
        stretches.first_us,
        stretches.sigma_bps,
        prices.canonical_symbol,
        prices.exchange,
        prices.trade_us,
        prices.level_bps,
        prices.trade_count
    from {{ ref("event_stretches") }} as stretches
    inner join {{ ref("event_hours") }} as hours
        on
            stretches.base_asset = hours.base_asset
            and stretches.hour_start = hours.hour_start
    inner join {{ ref("event_prices") }} as prices
        on
            hours.base_asset = prices.base_asset
            and hours.read_hour = prices.trade_hour
            and prices.trade_us
            between stretches.first_us - 1000000
            and stretches.last_us + 1000000

),

counted as (

    select
        *,
        max(case when mod(trade_us, 1000000) = 0 then 0 else 1 end) over (
            partition by
                hour_start, event_symbol, first_us, canonical_symbol, exchange
        ) as has_fractions,
        sum(trade_count) over (
            partition by
                hour_start, event_symbol, first_us, canonical_symbol, exchange
        ) as listing_count
    from ticks

),

event_ticks as (

    select
        hour_start,
        event_symbol,
        first_us,
        sigma_bps,
        canonical_symbol,
        exchange,
        trade_us,
        level_bps,
        has_fractions,
        dense_rank() over (
            partition by hour_start, event_symbol, first_us
            order by
                case
                    when canonical_symbol = event_symbol then 0 else 1
                end asc,
                listing_count desc,
                exchange asc,
                canonical_symbol asc
        ) as importance
    from counted

)

select * from event_ticks
