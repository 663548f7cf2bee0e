with

bars as (

    select * from {{ ref("trades_1m") }}

),

products as (

    select * from {{ ref("products") }}

),

known_bars as (

    select
        products.canonical_symbol,
        bars.minute,
        bars.exchange,
        bars.close_price
    from bars
    inner join products
        on
            bars.exchange = products.exchange
            and bars.symbol = products.symbol

),

pairs as (

    select
        first_bar.canonical_symbol,
        first_bar.minute,
        first_bar.exchange as first_exchange,
        second_bar.exchange as second_exchange,
        first_bar.close_price as first_price,
        second_bar.close_price as second_price,
        second_bar.close_price - first_bar.close_price as price_difference
    from known_bars as first_bar
    inner join known_bars as second_bar
        on
            first_bar.canonical_symbol = second_bar.canonical_symbol
            and first_bar.minute = second_bar.minute
            and first_bar.exchange < second_bar.exchange

),

spreads as (

    select
        *,
        10000 * price_difference
        / nullif((first_price + second_price) / 2, 0) as difference_bps
    from pairs

)

select * from spreads
