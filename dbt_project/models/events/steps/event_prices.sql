-- The last price of each listing at each instant of the hours that are read.
-- All distances between prices are differences of logarithms.
{%- set ranges = event_ranges() %}

with

hours as (

    select distinct
        base_asset,
        read_hour
    from {{ ref("event_hours") }}

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
instants as (

    select
        products.base_asset,
        products.canonical_symbol,
        trades.exchange,
        trades.trade_ts,
        max_by(
            trades.price,
            row(
                coalesce({{ to_bigint("trades.trade_id") }}, -1),
                trades.trade_id
            )
        ) as price,
        count(*) as trade_count
    from trades
    inner join {{ ref("products") }} as products
        on
            trades.exchange = products.exchange
            and trades.symbol = products.symbol
    inner join hours
        on
            products.base_asset = hours.base_asset
            and date_trunc('hour', trades.trade_ts) = hours.read_hour
    group by
        products.base_asset,
        products.canonical_symbol,
        trades.exchange,
        trades.trade_ts

),

event_prices as (

    select
        base_asset,
        date_trunc('hour', trade_ts) as trade_hour,
        canonical_symbol,
        exchange,
        {{ us_of_time("trade_ts") }} as trade_us,
        10000 * ln(price) as level_bps,
        trade_count
    from instants

)

select * from event_prices
