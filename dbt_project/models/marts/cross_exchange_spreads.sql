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
        first_venue.canonical_symbol,
        first_venue.minute,
        first_venue.exchange as first_exchange,
        second_venue.exchange as second_exchange,
        first_venue.close_price as first_price,
        second_venue.close_price as second_price,
        second_venue.close_price - first_venue.close_price as price_difference
    from known_bars as first_venue
    inner join known_bars as second_venue
        on
            first_venue.canonical_symbol = second_venue.canonical_symbol
            and first_venue.minute = second_venue.minute
            and first_venue.exchange < second_venue.exchange

),

spreads as (

    select
        *,
        10000 * price_difference
        / nullif((first_price + second_price) / 2, 0) as difference_bps
    from pairs

)

select * from spreads
