-- Finds the events of each hour that has new trades, from these trades and
-- those of the hour before: what is usual is known, and an event that began
-- before the hour is seen whole. It is stored in the hour in which it ends.
-- Rows are only ever added; an hour with more trades is a newer version of it.
-- All distances between prices are differences of logarithms.
{{ config(partitioned_by=["day(hour_start)"]) }}

{%- set window_us = 5 * 1000000 %}
{%- set quiet_us = 10 * 1000000 %}
{%- set basis_us = 300 * 1000000 %}
{%- set jump_us = 30 * 1000 %}
{%- set earliest_us = 200 * 1000 %}
{%- set latest_us = 300 * 1000 %}
{%- set event_sigmas = 6 %}
{%- set move_sigmas = "cast(1.5 as double)" %}
{%- set ranges = changed_ranges() %}

with

changed as (

    {{ changed_hours() }}

),

reads as (

    select
        base_asset,
        hour_start,
        hour_start as read_hour
    from changed

    union all

    select
        base_asset,
        hour_start,
        hour_start - interval '1' hour as read_hour
    from changed

),

trades as (

    {% for touched in ranges %}
    select
        exchange,
        symbol,
        trade_id,
        trade_ts,
        price
    from {{ ref("trades_unified") }}
    where {{ within("trade_ts", touched) }}
    {{ "union all" if not loop.last }}
    {% endfor %}

),

-- trades with equal times are ordered by id: as numbers if the ids are
-- numbers, else as text
prices as (

    select
        reads.base_asset,
        reads.hour_start,
        products.canonical_symbol,
        trades.exchange,
        {{ us_of_time("trades.trade_ts") }} as trade_us,
        10000 * ln(trades.price) as level_bps,
        row(
            trades.trade_ts,
            coalesce({{ to_bigint("trades.trade_id") }}, -1),
            trades.trade_id
        ) as trade_order
    from trades
    inner join {{ ref("products") }} as products
        on
            trades.exchange = products.exchange
            and trades.symbol = products.symbol
    inner join reads
        on
            products.base_asset = reads.base_asset
            and date_trunc('hour', trades.trade_ts) = reads.read_hour

),

seconds as (

    select
        base_asset,
        hour_start,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000) as second_us,
        max_by(level_bps, trade_order) as level_bps
    from prices
    group by
        base_asset,
        hour_start,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000)

),

compared as (

    select
        *,
        first_value(second_us) over (
            partition by hour_start, canonical_symbol, exchange
            order by second_us
            range between {{ window_us }} preceding and current row
        ) as since_us,
        level_bps - first_value(level_bps) over (
            partition by hour_start, canonical_symbol, exchange
            order by second_us
            range between {{ window_us }} preceding and current row
        ) as change_bps
    from seconds

),

changes as (

    select
        *,
        row_number() over (
            partition by hour_start, canonical_symbol
            order by abs(change_bps), second_us, exchange
        ) as position,
        count(*) over (
            partition by hour_start, canonical_symbol
        ) as change_count
    from compared
    where since_us < second_us

),

-- the median is hardly moved by the event itself; without enough changes
-- nothing is known of what is usual, and a price that stands still must not
-- make an event of a single tick
usual as (

    select
        hour_start,
        canonical_symbol,
        greatest(
            cast(1.4826 as double) * abs(change_bps), cast(0.5 as double)
        ) as sigma_bps
    from changes
    where
        position = (change_count + mod(change_count, 2)) / 2
        and change_count >= 60

),

hits as (

    select
        changes.*,
        usual.sigma_bps,
        lag(changes.second_us) over (
            partition by changes.hour_start, changes.canonical_symbol
            order by changes.second_us, changes.exchange
        ) as hit_before_us
    from changes
    inner join usual
        on
            changes.hour_start = usual.hour_start
            and changes.canonical_symbol = usual.canonical_symbol
    where abs(changes.change_bps) >= {{ event_sigmas }} * usual.sigma_bps

),

numbered_hits as (

    select
        *,
        sum(
            case
                when second_us - hit_before_us <= {{ quiet_us }} then 0 else 1
            end
        ) over (
            partition by hour_start, canonical_symbol
            order by second_us, exchange
            rows between unbounded preceding and current row
        ) as stretch
    from hits

),

stretches as (

    select
        base_asset,
        hour_start,
        canonical_symbol,
        min(since_us) as first_us,
        max(second_us) + 999999 as last_us,
        max(sigma_bps) as sigma_bps,
        max_by(change_bps, abs(change_bps)) as change_bps,
        count(distinct exchange) as moved_exchanges
    from numbered_hits
    group by base_asset, hour_start, canonical_symbol, stretch
    having max(second_us) >= {{ us_of_time("hour_start") }}

),

-- what a single one of several exchanges shows is no event of the market
candidates as (

    select
        stretches.base_asset,
        stretches.hour_start,
        stretches.canonical_symbol,
        stretches.first_us,
        stretches.last_us,
        stretches.sigma_bps,
        stretches.change_bps
    from stretches
    inner join seconds
        on
            stretches.hour_start = seconds.hour_start
            and stretches.canonical_symbol = seconds.canonical_symbol
            and seconds.second_us
            between stretches.first_us and stretches.last_us
    group by
        stretches.base_asset,
        stretches.hour_start,
        stretches.canonical_symbol,
        stretches.first_us,
        stretches.last_us,
        stretches.sigma_bps,
        stretches.change_bps,
        stretches.moved_exchanges
    having
        2 * stretches.moved_exchanges > count(distinct seconds.exchange)

),

ticks as (

    select
        candidates.hour_start,
        candidates.canonical_symbol as event_symbol,
        candidates.first_us,
        prices.canonical_symbol,
        prices.exchange,
        prices.trade_us,
        max_by(prices.level_bps, prices.trade_order) as level_bps,
        count(*) as trade_count
    from candidates
    inner join prices
        on
            candidates.base_asset = prices.base_asset
            and candidates.hour_start = prices.hour_start
            and prices.trade_us
            between candidates.first_us - 1000000
            and candidates.last_us + 1000000
    group by
        candidates.hour_start,
        candidates.canonical_symbol,
        candidates.first_us,
        prices.canonical_symbol,
        prices.exchange,
        prices.trade_us

),

listings as (

    select
        hour_start,
        event_symbol,
        first_us,
        canonical_symbol,
        exchange,
        max(
            case when mod(trade_us, 1000000) = 0 then 0 else 1 end
        ) as has_fractions,
        row_number() over (
            partition by hour_start, event_symbol, first_us
            order by
                case when canonical_symbol = event_symbol then 0 else 1 end,
                sum(trade_count) desc,
                exchange
        ) as importance
    from ticks
    group by hour_start, event_symbol, first_us, canonical_symbol, exchange

),

-- moves are looked for where most is traded
most_traded as (

    select * from listings
    where importance = 1

),

-- what a listing usually differs by from the most traded one, before the event
bases as (

    select
        listings.hour_start,
        listings.event_symbol,
        listings.first_us,
        listings.canonical_symbol,
        listings.exchange,
        avg(own.level_bps - other.level_bps) as basis_bps
    from listings
    inner join most_traded
        on
            listings.hour_start = most_traded.hour_start
            and listings.event_symbol = most_traded.event_symbol
            and listings.first_us = most_traded.first_us
    inner join seconds as own
        on
            listings.hour_start = own.hour_start
            and listings.canonical_symbol = own.canonical_symbol
            and listings.exchange = own.exchange
            and listings.first_us - {{ basis_us }} <= own.second_us
            and listings.first_us > own.second_us
    inner join seconds as other
        on
            most_traded.hour_start = other.hour_start
            and most_traded.canonical_symbol = other.canonical_symbol
            and most_traded.exchange = other.exchange
            and own.second_us = other.second_us
    group by
        listings.hour_start,
        listings.event_symbol,
        listings.first_us,
        listings.canonical_symbol,
        listings.exchange
    having count(*) >= 5

),

jumps as (

    select
        ticks.hour_start,
        ticks.event_symbol,
        ticks.first_us,
        ticks.trade_us,
        ticks.level_bps,
        last_value(ticks.level_bps) over (
            partition by ticks.hour_start, ticks.event_symbol, ticks.first_us
            order by ticks.trade_us
            range between unbounded preceding and {{ jump_us }} preceding
        ) as before_bps
    from ticks
    inner join most_traded
        on
            ticks.hour_start = most_traded.hour_start
            and ticks.event_symbol = most_traded.event_symbol
            and ticks.first_us = most_traded.first_us
            and ticks.canonical_symbol = most_traded.canonical_symbol
            and ticks.exchange = most_traded.exchange

),

large_jumps as (

    select
        jumps.*,
        candidates.base_asset,
        candidates.sigma_bps,
        lag(jumps.trade_us) over (
            partition by jumps.hour_start, jumps.event_symbol, jumps.first_us
            order by jumps.trade_us
        ) as jump_before_us
    from jumps
    inner join candidates
        on
            jumps.hour_start = candidates.hour_start
            and jumps.event_symbol = candidates.canonical_symbol
            and jumps.first_us = candidates.first_us
    where
        abs(jumps.level_bps - jumps.before_bps)
        >= {{ move_sigmas }} * candidates.sigma_bps

),

numbered_jumps as (

    select
        *,
        sum(
            case
                when trade_us - jump_before_us <= {{ jump_us }} then 0 else 1
            end
        ) over (
            partition by hour_start, event_symbol, first_us
            order by trade_us
            rows between unbounded preceding and current row
        ) as jump
    from large_jumps

),

moves as (

    select
        hour_start,
        event_symbol,
        first_us,
        jump,
        min(trade_us) as move_us,
        min_by(before_bps, trade_us) as before_bps,
        max_by(level_bps, trade_us) as after_bps
    from numbered_jumps
    group by hour_start, event_symbol, first_us, jump
    having
        abs(max_by(level_bps, trade_us) - min_by(before_bps, trade_us))
        >= {{ move_sigmas }} * max(sigma_bps)

),

-- how far each price is beyond the middle of the move; negative is before it
beyond as (

    select
        moves.hour_start,
        moves.event_symbol,
        moves.first_us,
        moves.jump,
        moves.move_us,
        moves.before_bps,
        moves.after_bps,
        listings.canonical_symbol,
        listings.exchange,
        listings.has_fractions,
        listings.importance,
        case
            when listings.importance = 1 then 0
            else bases.basis_bps
        end as basis_bps,
        ticks.trade_us,
        (
            ticks.level_bps
            - case
                when listings.importance = 1 then 0
                else bases.basis_bps
            end
            - (moves.before_bps + moves.after_bps) / 2
        ) * sign(moves.after_bps - moves.before_bps) as beyond_bps
    from moves
    inner join listings
        on
            moves.hour_start = listings.hour_start
            and moves.event_symbol = listings.event_symbol
            and moves.first_us = listings.first_us
    inner join ticks
        on
            listings.hour_start = ticks.hour_start
            and listings.event_symbol = ticks.event_symbol
            and listings.first_us = ticks.first_us
            and listings.canonical_symbol = ticks.canonical_symbol
            and listings.exchange = ticks.exchange
            and ticks.trade_us <= moves.move_us + {{ latest_us }}
    left join bases
        on
            listings.hour_start = bases.hour_start
            and listings.event_symbol = bases.event_symbol
            and listings.first_us = bases.first_us
            and listings.canonical_symbol = bases.canonical_symbol
            and listings.exchange = bases.exchange

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
        importance,
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
        importance,
        basis_bps

),

confirmed as (

    select
        hour_start,
        event_symbol,
        first_us,
        jump
    from crossings
    group by hour_start, event_symbol, first_us, jump
    having count(crossed_us) >= 2 or count(*) = 1

),

event_moves as (

    select
        crossings.*,
        min(crossings.move_us) over (
            partition by
                crossings.hour_start, crossings.event_symbol, crossings.first_us
        ) as started_us,
        max(crossings.move_us) over (
            partition by
                crossings.hour_start, crossings.event_symbol, crossings.first_us
        ) as ended_us,
        dense_rank() over (
            partition by
                crossings.hour_start, crossings.event_symbol, crossings.first_us
            order by crossings.jump
        ) as move_number
    from crossings
    inner join confirmed
        on
            crossings.hour_start = confirmed.hour_start
            and crossings.event_symbol = confirmed.event_symbol
            and crossings.first_us = confirmed.first_us
            and crossings.jump = confirmed.jump

),

sizes as (

    select
        hour_start,
        event_symbol,
        first_us,
        max_by(after_bps, move_us) - min_by(before_bps, move_us) as size_bps
    from event_moves
    group by hour_start, event_symbol, first_us

),

-- an event without a sudden move has one row, and so has an hour without event
versions as (

    select
        changed.base_asset,
        changed.hour_start,
        changed.trade_count,
        candidates.canonical_symbol,
        {{ time_of_us("coalesce(event_moves.started_us, candidates.first_us)") }}
            as started_at,
        {{ time_of_us("coalesce(event_moves.ended_us, candidates.last_us)") }}
            as ended_at,
        coalesce(sizes.size_bps, candidates.change_bps) as size_bps,
        candidates.sigma_bps,
        cast(event_moves.move_number as bigint) as move_number,
        event_moves.after_bps - event_moves.before_bps as move_bps,
        event_moves.exchange,
        event_moves.canonical_symbol as traded_symbol,
        event_moves.basis_bps,
        cast(event_moves.has_fractions as bigint) as has_fractions,
        {{ time_of_us("event_moves.crossed_us") }} as crossed_at
    from changed
    left join candidates
        on
            changed.base_asset = candidates.base_asset
            and changed.hour_start = candidates.hour_start
    left join sizes
        on
            candidates.hour_start = sizes.hour_start
            and candidates.canonical_symbol = sizes.event_symbol
            and candidates.first_us = sizes.first_us
    left join event_moves
        on
            candidates.hour_start = event_moves.hour_start
            and candidates.canonical_symbol = event_moves.event_symbol
            and candidates.first_us = event_moves.first_us

)

select * from versions
