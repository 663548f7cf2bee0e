-- What a listing usually differs by from the most important one, before the
-- event.
{%- set basis_us = 300 * 1000000 %}

with

listings as (

    select distinct
        hour_start,
        event_symbol,
        first_us,
        canonical_symbol,
        exchange,
        importance
    from {{ ref("event_ticks") }}

),

compared as (

    select
        listings.*,
        seconds.level_bps - max(
            case when listings.importance = 1 then seconds.level_bps end
        ) over (
            partition by
                listings.hour_start,
                listings.event_symbol,
                listings.first_us,
                seconds.second_us
        ) as basis_bps
    from listings
    inner join {{ ref("event_seconds") }} as seconds
        on
            listings.hour_start = seconds.hour_start
            and listings.canonical_symbol = seconds.canonical_symbol
            and listings.exchange = seconds.exchange
            and listings.first_us - {{ basis_us }} <= seconds.second_us
            and listings.first_us > seconds.second_us

),

event_bases as (

    select
        hour_start,
        event_symbol,
        first_us,
        canonical_symbol,
        exchange,
        avg(basis_bps) as basis_bps
    from compared
    where importance > 1
    group by hour_start, event_symbol, first_us, canonical_symbol, exchange
    having count(basis_bps) >= 5

)

select * from event_bases
