-- Shows the version of each minute that has the most trades. It is the newest,
-- because trades are only ever added. A condition on exchange, symbol or minute
-- is pushed down to the stored files.
with

ranked as (

    select
        *,
        row_number() over (
            partition by exchange, symbol, minute
            order by trade_count desc
        ) as recency
    from {{ ref("trades_1m_versions") }}

),

newest as (

    select
        exchange,
        symbol,
        minute,
        open_price,
        high_price,
        low_price,
        close_price,
        vwap,
        trade_count,
        base_volume,
        quote_volume,
        buy_volume,
        sell_volume
    from ranked
    where recency = 1

)

select * from newest
