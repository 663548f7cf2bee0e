with

trades as (

    select * from {{ ref("trades_unified") }}

),

products as (

    select * from {{ ref("products") }}

),

enriched as (

    select
        trades.exchange,
        trades.symbol,
        trades.trade_id,
        trades.side,
        trades.price,
        trades.quantity,
        trades.trade_ts,
        trades.ingest_ts,
        products.base_asset,
        products.quote_asset,
        products.canonical_symbol,
        trades.price * trades.quantity as notional,
        {{ seconds_between("trades.trade_ts", "trades.ingest_ts") }}
            as latency_seconds
    from trades
    left join products
        on
            trades.exchange = products.exchange
            and trades.symbol = products.symbol

)

select * from enriched
