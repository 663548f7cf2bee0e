-- The sudden moves of each event. They are looked for where most is traded.
{%- set jump_us = 30 * 1000 %}
{%- set move_sigmas = "cast(1.5 as double)" %}

with

jumps as (

    select
        *,
        last_value(level_bps) over (
            partition by hour_start, event_symbol, first_us
            order by trade_us
            range between unbounded preceding and {{ jump_us }} preceding
        ) as before_bps
    from {{ ref("event_ticks") }}
    where importance = 1

),

large_jumps as (

    select
        *,
        lag(trade_us) over (
            partition by hour_start, event_symbol, first_us
            order by trade_us
        ) as jump_before_us
    from jumps
    where abs(level_bps - before_bps) >= {{ move_sigmas }} * sigma_bps

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

event_moves as (

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

)

select * from event_moves
