-- An increment computes again, from all their trades, the minutes that pending
-- loads touch, and adds those that changed. Rows are only ever added, so a
-- reader always sees either the old candle or the new one.
{{ config(partitioned_by=["day(minute)"]) }}

{%- set ranges = pending_event_ranges("trades_unified") %}

with

trades as (

    {% for touched in ranges %}
    select
        exchange,
        symbol,
        date_trunc('minute', trade_ts) as minute,
        side,
        price,
        quantity,
        -- trades with equal times are ordered by id: as numbers if the ids are
        -- numbers, else as text
        row(
            trade_ts, coalesce({{ to_bigint("trade_id") }}, -1), trade_id
        ) as trade_order
    from {{ ref("trades_unified") }}
    where {{ within("trade_ts", touched) }}
    {{ "union all" if not loop.last }}
    {% endfor %}

),

bars as (

    select
        exchange,
        symbol,
        minute,
        min_by(price, trade_order) as open_price,
        max(price) as high_price,
        min(price) as low_price,
        max_by(price, trade_order) as close_price,
        sum(price * quantity) / nullif(sum(quantity), 0) as vwap,
        count(*) as trade_count,
        sum(quantity) as base_volume,
        sum(price * quantity) as quote_volume,
        sum(case when side = 'BUY' then quantity else 0 end) as buy_volume,
        sum(case when side = 'SELL' then quantity else 0 end) as sell_volume
    from trades
    group by exchange, symbol, minute

),

{% if is_incremental() %}
existing as (

    {% for touched in ranges %}
    select
        exchange,
        symbol,
        minute,
        trade_count,
        1 as is_there
    from {{ this }}
    where {{ within("minute", touched) }}
    {{ "union all" if not loop.last }}
    {% endfor %}

),

{% endif %}
changed as (

    select bars.*
    from bars
    {% if is_incremental() %}
    left join existing
        on
            bars.exchange = existing.exchange
            and bars.symbol = existing.symbol
            and bars.minute = existing.minute
            and bars.trade_count = existing.trade_count
    where existing.is_there is null
    {% endif %}

)

select * from changed
