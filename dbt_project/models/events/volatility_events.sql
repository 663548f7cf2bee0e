-- Shows the newest version of each hour, which is the one of the most trades.
-- The exchange that crossed the middle of a move first, alone, was first in
-- that move; one that was first in most moves leads the event.
with

ranked as (

    select
        *,
        max(trade_count) over (
            partition by base_asset, hour_start
        ) as newest_count
    from {{ ref("volatility_moves_versions") }}

),

crossings as (

    select * from ranked
    where trade_count = newest_count and canonical_symbol is not null

),

events as (

    select
        base_asset,
        hour_start,
        canonical_symbol,
        started_at,
        ended_at,
        size_bps,
        sigma_bps,
        coalesce(max(move_number), 0) as move_count
    from crossings
    group by
        base_asset,
        hour_start,
        canonical_symbol,
        started_at,
        ended_at,
        size_bps,
        sigma_bps

),

-- an event that goes on after an hour's end is complete in the next hour, where
-- it may begin earlier, because each hour has a sigma of its own
whole as (

    select events.*
    from events
    left join events as later_events
        on
            events.canonical_symbol = later_events.canonical_symbol
            and events.hour_start + interval '1' hour = later_events.hour_start
            and events.started_at <= later_events.ended_at
            and events.ended_at >= later_events.started_at
    where later_events.hour_start is null

),

crossed as (

    select
        *,
        min(crossed_at) over (
            partition by hour_start, canonical_symbol, started_at, move_number
        ) as first_crossed_at,
        count(*) over (
            partition by hour_start, canonical_symbol, started_at, move_number
        ) as exchange_count
    from crossings
    where traded_symbol = canonical_symbol and crossed_at is not null

),

firsts as (

    select
        hour_start,
        canonical_symbol,
        started_at,
        move_number,
        min(exchange) as exchange
    from crossed
    where crossed_at = first_crossed_at and exchange_count >= 2
    group by hour_start, canonical_symbol, started_at, move_number
    having count(*) = 1

),

leads as (

    select
        hour_start,
        canonical_symbol,
        started_at,
        exchange,
        count(*) as first_count
    from firsts
    group by hour_start, canonical_symbol, started_at, exchange

),

volatility_events as (

    select
        whole.canonical_symbol,
        whole.base_asset,
        row_number() over (
            partition by whole.canonical_symbol
            order by abs(whole.size_bps) desc, whole.started_at
        ) as size_rank,
        whole.started_at,
        whole.ended_at,
        whole.size_bps,
        whole.sigma_bps,
        abs(whole.size_bps) / whole.sigma_bps as size_sigmas,
        whole.move_count,
        leads.exchange as leading_exchange,
        whole.hour_start
    from whole
    left join leads
        on
            whole.hour_start = leads.hour_start
            and whole.canonical_symbol = leads.canonical_symbol
            and whole.started_at = leads.started_at
            and 2 * leads.first_count > whole.move_count

)

select * from volatility_events
