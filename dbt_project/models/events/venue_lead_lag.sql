-- A delay is the time between the moments at which two listings cross the
-- middle of the same move, after what their prices usually differ by was taken
-- out. The interval is between two order statistics of the delays, and contains
-- the true median with a probability of at least 95 %, whatever the delays'
-- distribution.
{%- set least_moves = 12 %}
{%- set least_changes = 500 %}

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

    select
        ranked.canonical_symbol,
        ranked.started_at,
        ranked.move_number,
        ranked.exchange,
        ranked.traded_symbol,
        ranked.basis_bps,
        ranked.has_fractions,
        {{ us_of_time("ranked.crossed_at") }} as crossed_us
    from ranked
    inner join {{ ref("volatility_events") }} as events
        on
            ranked.canonical_symbol = events.canonical_symbol
            and ranked.started_at = events.started_at
            and ranked.hour_start = events.hour_start
    where
        ranked.trade_count = ranked.newest_count
        and ranked.move_number is not null

),

delays as (

    select
        leader.canonical_symbol,
        leader.started_at,
        leader.exchange as leader_exchange,
        leader.traded_symbol as leader_symbol,
        follower.exchange as follower_exchange,
        follower.traded_symbol as follower_symbol,
        follower.basis_bps - leader.basis_bps as basis_bps,
        case
            when leader.has_fractions + follower.has_fractions = 2 then 1
            else 0
        end as has_fractions,
        follower.crossed_us - leader.crossed_us as delay_us,
        row_number() over (
            partition by
                leader.canonical_symbol,
                leader.started_at,
                leader.exchange,
                leader.traded_symbol,
                follower.exchange,
                follower.traded_symbol
            order by
                follower.crossed_us - leader.crossed_us asc nulls last
        ) as position,
        count(follower.crossed_us - leader.crossed_us) over (
            partition by
                leader.canonical_symbol,
                leader.started_at,
                leader.exchange,
                leader.traded_symbol,
                follower.exchange,
                follower.traded_symbol
        ) as delay_count
    from crossings as leader
    inner join crossings as follower
        on
            leader.canonical_symbol = follower.canonical_symbol
            and leader.started_at = follower.started_at
            and leader.move_number = follower.move_number
            and leader.exchange <> follower.exchange
    where
        leader.traded_symbol = leader.canonical_symbol
        or follower.traded_symbol = follower.canonical_symbol

),

positioned as (

    select
        *,
        (delay_count + mod(delay_count, 2)) / 2 as middle,
        floor(
            cast(delay_count as double) / 2
            - cast(0.98 as double) * sqrt(cast(delay_count as double))
        ) as low
    from delays

),

-- of an even number of delays, the median is the mean of the middle two
measured as (

    select
        canonical_symbol,
        started_at,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        max(basis_bps) as basis_bps,
        max(has_fractions) as has_fractions,
        max(delay_count) as move_count,
        avg(
            case
                when
                    position = middle
                    or position = middle + 1 - mod(delay_count, 2)
                    then cast(delay_us as double) / 1000
            end
        ) as median_ms,
        max(
            case
                when position = low then cast(delay_us as double) / 1000
            end
        ) as low_ms,
        max(
            case
                when position = delay_count + 1 - low
                    then cast(delay_us as double) / 1000
            end
        ) as high_ms
    from positioned
    group by
        canonical_symbol,
        started_at,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol

),

-- of the two directions of a pair, the one in which time is not negative
directed as (

    select
        *,
        case
            when has_fractions = 0 then 'whole_seconds'
            when move_count < {{ least_moves }} then 'too_few_moves'
        end as no_verdict_reason
    from measured
    where
        median_ms > 0
        or (coalesce(median_ms, 0) = 0 and leader_exchange < follower_exchange)

),

ranked_sums as (

    select
        *,
        max(trade_count) over (
            partition by base_asset, hour_start
        ) as newest_count
    from {{ ref("lead_lag_sums_versions") }}

),

both_directions as (

    select
        cast(hour_start as date) as trade_date,
        first_exchange as leader_exchange,
        first_symbol as leader_symbol,
        second_exchange as follower_exchange,
        second_symbol as follower_symbol,
        lag_ms,
        product_sum,
        first_square_sum,
        second_square_sum,
        first_changes,
        second_changes
    from ranked_sums
    where trade_count = newest_count and first_exchange is not null

    union all

    select
        cast(hour_start as date) as trade_date,
        second_exchange as leader_exchange,
        second_symbol as leader_symbol,
        first_exchange as follower_exchange,
        first_symbol as follower_symbol,
        -lag_ms as lag_ms,
        product_sum,
        second_square_sum as first_square_sum,
        first_square_sum as second_square_sum,
        second_changes as first_changes,
        first_changes as second_changes
    from ranked_sums
    where trade_count = newest_count and first_exchange is not null

),

days_by_lag as (

    select
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        lag_ms,
        sum(product_sum) / nullif(
            sqrt(sum(first_square_sum) * sum(second_square_sum)), 0
        ) as correlation,
        least(sum(first_changes), sum(second_changes)) as change_count
    from both_directions
    group by
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        lag_ms

),

days as (

    select
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        max(change_count) as change_count,
        max_by(lag_ms, correlation) as lag_ms,
        max(correlation) as correlation
    from days_by_lag
    group by
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol

),

judged_days as (

    select
        *,
        case
            when change_count < {{ least_changes }} then 'too_few_trades'
            when correlation is null or correlation <= 0 then 'not_correlated'
        end as no_day_verdict_reason
    from days

),

venue_lead_lag as (

    select
        directed.canonical_symbol,
        directed.started_at,
        directed.leader_exchange,
        directed.leader_symbol,
        directed.follower_exchange,
        directed.follower_symbol,
        directed.leader_symbol <> directed.follower_symbol
            as has_different_quotes,
        directed.basis_bps,
        directed.move_count,
        case
            when directed.no_verdict_reason is null then directed.median_ms
        end as median_delay_ms,
        case
            when directed.no_verdict_reason is null then directed.low_ms
        end as low_delay_ms,
        case
            when directed.no_verdict_reason is null then directed.high_ms
        end as high_delay_ms,
        directed.no_verdict_reason,
        case
            when judged_days.no_day_verdict_reason is null
                then judged_days.lag_ms
        end as day_delay_ms,
        case
            when judged_days.no_day_verdict_reason is null
                then judged_days.correlation
        end as day_correlation,
        coalesce(judged_days.change_count, 0) as day_change_count,
        case
            when judged_days.trade_date is null then 'too_few_trades'
            else judged_days.no_day_verdict_reason
        end as no_day_verdict_reason
    from directed
    left join judged_days
        on
            cast(directed.started_at as date) = judged_days.trade_date
            and directed.leader_exchange = judged_days.leader_exchange
            and directed.leader_symbol = judged_days.leader_symbol
            and directed.follower_exchange = judged_days.follower_exchange
            and directed.follower_symbol = judged_days.follower_symbol

)

select * from venue_lead_lag
