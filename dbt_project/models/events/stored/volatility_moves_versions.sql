-- The events of each hour that has new trades, and when each listing crossed the
-- middle of their moves.
-- Rows are only ever added; an hour with more trades is a newer version of it.
{{ config(partitioned_by=["day(hour_start)"]) }}

{%- set earliest_us = 200 * 1000 %}
{%- set latest_us = 300 * 1000 %}

with

hours as (

    {{ hours_to_add() }}

),

compared as (

    select
        ticks.*,
        moves.jump,
        moves.move_us,
        moves.before_bps,
        moves.after_bps,
        case when ticks.importance = 1 then 0 else bases.basis_bps end
            as basis_bps
    from {{ ref("event_moves") }} as moves
    inner join {{ ref("event_ticks") }} as ticks
        on
            moves.hour_start = ticks.hour_start
            and moves.event_symbol = ticks.event_symbol
            and moves.first_us = ticks.first_us
            and ticks.trade_us <= moves.move_us + {{ latest_us }}
    left join {{ ref("event_bases") }} as bases
        on
            ticks.hour_start = bases.hour_start
            and ticks.event_symbol = bases.event_symbol
            and ticks.first_us = bases.first_us
            and ticks.canonical_symbol = bases.canonical_symbol
            and ticks.exchange = bases.exchange

),

-- how far each price is beyond the middle of the move; negative is before it
beyond as (

    select
        *,
        (level_bps - basis_bps - (before_bps + after_bps) / 2)
        * sign(after_bps - before_bps) as beyond_bps
    from compared

),

-- a listing that was beyond the middle already can't be seen crossing it
crossings as (

    select
        hour_start,
        event_symbol,
        first_us,
        jump,
        move_us,
        before_bps,
        after_bps,
        canonical_symbol,
        exchange,
        has_fractions,
        basis_bps,
        case
            when
                coalesce(
                    max_by(beyond_bps, trade_us) filter (
                        where trade_us < move_us - {{ earliest_us }}
                    ),
                    -1
                ) <= 0
                then min(trade_us) filter (
                    where
                    trade_us >= move_us - {{ earliest_us }}
                    and beyond_bps > 0
                )
        end as crossed_us
    from beyond
    group by
        hour_start,
        event_symbol,
        first_us,
        jump,
        move_us,
        before_bps,
        after_bps,
        canonical_symbol,
        exchange,
        has_fractions,
        basis_bps

),

counted as (

    select
        *,
        count(crossed_us) over (
            partition by hour_start, event_symbol, first_us, jump
        ) as crossed_count,
        count(*) over (
            partition by hour_start, event_symbol, first_us, jump
        ) as listing_count
    from crossings

),

confirmed as (

    select
        *,
        min(move_us) over (
            partition by hour_start, event_symbol, first_us
        ) as started_us,
        max(move_us) over (
            partition by hour_start, event_symbol, first_us
        ) as ended_us,
        max_by(after_bps, move_us) over (
            partition by hour_start, event_symbol, first_us
        ) - min_by(before_bps, move_us) over (
            partition by hour_start, event_symbol, first_us
        ) as size_bps,
        dense_rank() over (
            partition by hour_start, event_symbol, first_us
            order by jump
        ) as move_number
    from counted
    where crossed_count >= 2 or listing_count = 1

),

-- an event without a sudden move has one row, and so has an hour without event
versions as (

    select
        hours.base_asset,
        hours.hour_start,
        hours.trade_count,
        stretches.canonical_symbol,
        {{ time_of_us("coalesce(confirmed.started_us, stretches.first_us)") }}
            as started_at,
        {{ time_of_us("coalesce(confirmed.ended_us, stretches.last_us)") }}
            as ended_at,
        coalesce(confirmed.size_bps, stretches.change_bps) as size_bps,
        stretches.sigma_bps,
        cast(confirmed.move_number as bigint) as move_number,
        confirmed.after_bps - confirmed.before_bps as move_bps,
        confirmed.exchange,
        confirmed.canonical_symbol as traded_symbol,
        confirmed.basis_bps,
        cast(confirmed.has_fractions as bigint) as has_fractions,
        {{ time_of_us("confirmed.crossed_us") }} as crossed_at
    from hours
    left join {{ ref("event_stretches") }} as stretches
        on
            hours.base_asset = stretches.base_asset
            and hours.hour_start = stretches.hour_start
    left join confirmed
        on
            stretches.hour_start = confirmed.hour_start
            and stretches.canonical_symbol = confirmed.event_symbol
            and stretches.first_us = confirmed.first_us

)

select * from versions
