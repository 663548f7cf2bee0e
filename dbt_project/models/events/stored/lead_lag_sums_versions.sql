-- The Hayashi-Yoshida sums of each hour that has new trades: for two listings
-- of one asset on two exchanges, and each candidate lag, the sum of the
-- products of all changes of the price whose intervals overlap, after the
-- second listing was shifted back by the lag. Sums of hours add up to those of
-- a day. A pair of changes overlaps for a stretch of lags: its product is
-- added at the first of them and taken away after the last one, so that each
-- pair is read once for all lags.
-- Rows are only ever added; an hour with more trades is a newer version of it.
{{ config(partitioned_by=["day(hour_start)"]) }}

{%- set step_us = 20 * 1000 %}
{%- set last_lag = 15 %}
{%- set reach_us = step_us * last_lag %}
{%- set longest_us = 30 * 1000000 %}
{%- set ranges = changed_ranges() %}

with

changed as (

    {{ changed_hours() }}

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
        changed.base_asset,
        changed.hour_start,
        trades.exchange,
        products.canonical_symbol,
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
    inner join changed
        on
            products.base_asset = changed.base_asset
            and date_trunc('hour', trades.trade_ts) = changed.hour_start

),

-- the last price of each hundredth of a second
ticks as (

    select
        base_asset,
        hour_start,
        exchange,
        canonical_symbol,
        trade_us - mod(trade_us, 10000) as tick_us,
        max_by(level_bps, trade_order) as level_bps
    from prices
    group by
        base_asset,
        hour_start,
        exchange,
        canonical_symbol,
        trade_us - mod(trade_us, 10000)

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

-- an interval of more than half a minute says nothing about milliseconds
changes as (

    select * from compared
    where until_us - since_us <= {{ longest_us }}

),

listings as (

    select
        base_asset,
        hour_start,
        exchange,
        canonical_symbol,
        sum(change_bps * change_bps) as square_sum,
        count(*) as change_count
    from changes
    group by base_asset, hour_start, exchange, canonical_symbol

),

pairs as (

    select
        first_listing.base_asset,
        first_listing.hour_start,
        first_listing.exchange as first_exchange,
        first_listing.canonical_symbol as first_symbol,
        second_listing.exchange as second_exchange,
        second_listing.canonical_symbol as second_symbol,
        first_listing.square_sum as first_square_sum,
        second_listing.square_sum as second_square_sum,
        first_listing.change_count as first_changes,
        second_listing.change_count as second_changes
    from listings as first_listing
    inner join listings as second_listing
        on
            first_listing.base_asset = second_listing.base_asset
            and first_listing.hour_start = second_listing.hour_start
            and first_listing.exchange < second_listing.exchange

),

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
    from changes
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
    from changes
    inner join seconds
        on
            changes.since_us - {{ reach_us }}
            - mod(changes.since_us - {{ reach_us }}, 1000000)
            + 1000000 * seconds.second_number
            < changes.until_us + {{ reach_us }}

),

-- two changes meet in several seconds, and count in the first of them
products_of_changes as (

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
        hour_start,
        first_exchange,
        first_symbol,
        second_exchange,
        second_symbol,
        first_lag as lag_number,
        product
    from products_of_changes
    where first_lag <= final_lag

    union all

    select
        hour_start,
        first_exchange,
        first_symbol,
        second_exchange,
        second_symbol,
        final_lag + 1 as lag_number,
        -product as product
    from products_of_changes
    where first_lag <= final_lag

),

net_steps as (

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

),

lags as (

    select numbers.lag_number
    from (
        values
        {% for lag in range(-last_lag, last_lag + 1) %}
        ({{ lag }}){{ "," if not loop.last }}
        {% endfor %}
    ) as numbers (lag_number)

),

sums as (

    select
        pairs.hour_start,
        pairs.first_exchange,
        pairs.first_symbol,
        pairs.second_exchange,
        pairs.second_symbol,
        lags.lag_number,
        sum(
            case when net_steps.lag_number <= lags.lag_number then net_steps.product end
        ) as product_sum
    from pairs
    cross join lags
    left join net_steps
        on
            pairs.hour_start = net_steps.hour_start
            and pairs.first_exchange = net_steps.first_exchange
            and pairs.first_symbol = net_steps.first_symbol
            and pairs.second_exchange = net_steps.second_exchange
            and pairs.second_symbol = net_steps.second_symbol
    group by
        pairs.hour_start,
        pairs.first_exchange,
        pairs.first_symbol,
        pairs.second_exchange,
        pairs.second_symbol,
        lags.lag_number

),

-- an hour without pairs has one row
versions as (

    select
        changed.base_asset,
        changed.hour_start,
        changed.trade_count,
        pairs.first_exchange,
        pairs.first_symbol,
        pairs.second_exchange,
        pairs.second_symbol,
        cast(sums.lag_number * {{ step_us // 1000 }} as bigint) as lag_ms,
        coalesce(sums.product_sum, 0) as product_sum,
        pairs.first_square_sum,
        pairs.second_square_sum,
        pairs.first_changes,
        pairs.second_changes
    from changed
    left join pairs
        on
            changed.base_asset = pairs.base_asset
            and changed.hour_start = pairs.hour_start
    left join sums
        on
            pairs.hour_start = sums.hour_start
            and pairs.first_exchange = sums.first_exchange
            and pairs.first_symbol = sums.first_symbol
            and pairs.second_exchange = sums.second_exchange
            and pairs.second_symbol = sums.second_symbol

)

select * from versions
