-- The Hayashi-Yoshida sums of each hour that has new trades: for two listings
-- of one asset on two exchanges, and each candidate lag, the sum of the
-- products of all changes of the price whose intervals overlap, after the
-- second listing was shifted back by the lag. Sums of hours add up to those of
-- a day.
-- Rows are only ever added; an hour with more trades is a newer version of it.
{{ config(partitioned_by=["day(hour_start)"]) }}

{%- set step_ms = 20 %}
{%- set last_lag = 15 %}

with

hours as (

    {{ hours_to_add() }}

),

listings as (

    select
        base_asset,
        hour_start,
        exchange,
        canonical_symbol,
        sum(change_bps * change_bps) as square_sum,
        count(*) as change_count
    from {{ ref("event_changes") }}
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
        pairs.base_asset,
        pairs.hour_start,
        pairs.first_exchange,
        pairs.first_symbol,
        pairs.second_exchange,
        pairs.second_symbol,
        lags.lag_number,
        coalesce(sum(
            case when steps.lag_number <= lags.lag_number then steps.product end
        ), 0) as product_sum,
        max(pairs.first_square_sum) as first_square_sum,
        max(pairs.second_square_sum) as second_square_sum,
        max(pairs.first_changes) as first_changes,
        max(pairs.second_changes) as second_changes
    from pairs
    cross join lags
    left join {{ ref("lead_lag_steps") }} as steps
        on
            pairs.hour_start = steps.hour_start
            and pairs.first_exchange = steps.first_exchange
            and pairs.first_symbol = steps.first_symbol
            and pairs.second_exchange = steps.second_exchange
            and pairs.second_symbol = steps.second_symbol
    group by
        pairs.base_asset,
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
        hours.base_asset,
        hours.hour_start,
        hours.trade_count,
        sums.first_exchange,
        sums.first_symbol,
        sums.second_exchange,
        sums.second_symbol,
        cast(sums.lag_number * {{ step_ms }} as bigint) as lag_ms,
        coalesce(sums.product_sum, 0) as product_sum,
        sums.first_square_sum,
        sums.second_square_sum,
        sums.first_changes,
        sums.second_changes
    from hours
    left join sums
        on
            hours.base_asset = sums.base_asset
            and hours.hour_start = sums.hour_start

)

select * from versions
