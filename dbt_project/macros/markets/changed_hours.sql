{# A query for the hours that a stored model of events must compute: those of which the model has no version with as many
   trades as there are now in the hour and the hour before it. One row per base asset and hour. The newest hours come
   first, and no more than `at_most`, so that a long history takes several runs instead of much memory. A first build
   computes nothing: it makes the empty table, which increments fill. #}
{% macro changed_hours(at_most=1000) %}
    select
        hours.base_asset,
        hours.hour_start,
        hours.trade_count
    from (
        select
            this_hour.base_asset,
            this_hour.hour_start,
            cast(
                this_hour.trade_count + coalesce(hour_before.trade_count, 0)
                as bigint
            ) as trade_count
        from ({{ trades_by_hour() }}) as this_hour
        left join ({{ trades_by_hour() }}) as hour_before
            on
                this_hour.base_asset = hour_before.base_asset
                and this_hour.hour_start
                = hour_before.hour_start + interval '1' hour
    ) as hours
    {% if is_incremental() %}
    left join (
        select distinct
            base_asset,
            hour_start,
            trade_count
        from {{ this }}
    ) as existing
        on
            hours.base_asset = existing.base_asset
            and hours.hour_start = existing.hour_start
            and hours.trade_count = existing.trade_count
    where existing.hour_start is null
    {% else %}
    where 1 = 0
    {% endif %}
    order by hours.hour_start desc, hours.base_asset asc
    limit {{ at_most }}
{% endmacro %}

{# A query for the number of trades of each base asset by hour, from the candles. #}
{% macro trades_by_hour() %}
    select
        products.base_asset,
        date_trunc('hour', bars.minute) as hour_start,
        sum(bars.trade_count) as trade_count
    from {{ ref("trades_1m") }} as bars
    inner join {{ ref("products") }} as products
        on
            bars.exchange = products.exchange
            and bars.symbol = products.symbol
    where products.base_asset is not null
    group by products.base_asset, date_trunc('hour', bars.minute)
{% endmacro %}
