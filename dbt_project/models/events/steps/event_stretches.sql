-- The events: stretches of time in which prices changed by many times what is
-- usual. An event is found in the hour in which it ends.
{%- set window_us = 5 * 1000000 %}
{%- set quiet_us = 10 * 1000000 %}
{%- set event_sigmas = 6 %}

with

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
    from {{ ref("event_seconds") }}

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
        *,
        greatest(
            cast(1.4826 as double) * max(
                case
                    when position = (change_count + mod(change_count, 2)) / 2
                        then abs(change_bps)
                end
            ) over (partition by hour_start, canonical_symbol),
            cast(0.5 as double)
        ) as sigma_bps
    from changes
    where change_count >= 60

),

hits as (

    select
        *,
        lag(second_us) over (
            partition by hour_start, canonical_symbol
            order by second_us, exchange
        ) as hit_before_us
    from usual
    where abs(change_bps) >= {{ event_sigmas }} * sigma_bps

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
event_stretches as (

    select
        stretches.base_asset,
        stretches.hour_start,
        stretches.canonical_symbol,
        stretches.first_us,
        stretches.last_us,
        stretches.sigma_bps,
        stretches.change_bps
    from stretches
    inner join {{ ref("event_seconds") }} as seconds
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

)

select * from event_stretches
