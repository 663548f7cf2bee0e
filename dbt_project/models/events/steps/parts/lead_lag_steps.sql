-- The products of all changes of two listings whose intervals overlap for some
-- lag. A pair of changes overlaps for a stretch of lags: its product is added at
-- the first of them and taken away after the last one, so that each pair is read
-- once for all lags.
{%- set longest_us = 30 * 1000000 %}
{%- set step_us = 20 * 1000 %}
{%- set last_lag = 15 %}
{%- set reach_us = step_us * last_lag %}

with

seconds as (

    select numbers.second_number
    from (
        values
        {% for second in range(longest_us // 1000000 + 3) %}
        ({{ second }}){{ "," if not loop.last }}
        {% endfor %}
    ) as numbers (second_number)

),

-- each change once per second that it touches, so that changes are compared
-- with those near them alone
first_changes as (

    select
        changes.*,
        changes.since_us - mod(changes.since_us, 1000000)
        + 1000000 * seconds.second_number as second_us
    from {{ ref("event_changes") }} as changes
    inner join seconds
        on
            changes.since_us - mod(changes.since_us, 1000000)
            + 1000000 * seconds.second_number < changes.until_us

),

second_changes as (

    select
        changes.*,
        changes.since_us - {{ reach_us }} as reach_since_us,
        changes.since_us - {{ reach_us }}
        - mod(changes.since_us - {{ reach_us }}, 1000000)
        + 1000000 * seconds.second_number as second_us
    from {{ ref("event_changes") }} as changes
    inner join seconds
        on
            changes.since_us - {{ reach_us }}
            - mod(changes.since_us - {{ reach_us }}, 1000000)
            + 1000000 * seconds.second_number
            < changes.until_us + {{ reach_us }}

),

-- two changes meet in several seconds, and count in the first of them
products as (

    select
        first_changes.hour_start,
        first_changes.exchange as first_exchange,
        first_changes.canonical_symbol as first_symbol,
        second_changes.exchange as second_exchange,
        second_changes.canonical_symbol as second_symbol,
        greatest(
            floor(
                cast(
                    second_changes.since_us - first_changes.until_us as double
                ) / {{ step_us }}
            ) + 1,
            -{{ last_lag }}
        ) as first_lag,
        least(
            ceil(
                cast(
                    second_changes.until_us - first_changes.since_us as double
                ) / {{ step_us }}
            ) - 1,
            {{ last_lag }}
        ) as final_lag,
        first_changes.change_bps * second_changes.change_bps as product
    from first_changes
    inner join second_changes
        on
            first_changes.base_asset = second_changes.base_asset
            and first_changes.hour_start = second_changes.hour_start
            and first_changes.second_us = second_changes.second_us
            and first_changes.exchange < second_changes.exchange
            and first_changes.until_us > second_changes.reach_since_us
            and first_changes.since_us
            < second_changes.until_us + {{ reach_us }}
            and greatest(
                first_changes.since_us, second_changes.reach_since_us
            ) >= first_changes.second_us
            and greatest(
                first_changes.since_us, second_changes.reach_since_us
            ) < first_changes.second_us + 1000000
    where
        first_changes.change_bps <> 0
        and second_changes.change_bps <> 0

),

steps as (

    select
        products.hour_start,
        products.first_exchange,
        products.first_symbol,
        products.second_exchange,
        products.second_symbol,
        case
            when signs.sign = 1 then products.first_lag
            else products.final_lag + 1
        end as lag_number,
        signs.sign * products.product as product
    from products
    cross join (values (1), (-1)) as signs (sign)
    where products.first_lag <= products.final_lag

),

lead_lag_steps as (

    select
        hour_start,
        first_exchange,
        first_symbol,
        second_exchange,
        second_symbol,
        lag_number,
        sum(product) as product
    from steps
    group by
        hour_start,
        first_exchange,
        first_symbol,
        second_exchange,
        second_symbol,
        lag_number

)

select * from lead_lag_steps
