-- The hours that this run of events computes: those of which a stored table has
-- no version with as many trades as there are now in the hour and the one before
-- it. The newest hours come first, and no more than `most_hours`, so that a long
-- history takes several runs instead of much memory. Of each hour, its trades
-- and those of the hour before are read: what is usual is known then, and an
-- event that began before the hour is seen whole.
{{ config(materialized="table") }}

{%- set most_hours = 1000 %}
{%- set stored = event_versions() %}

with

hours as (

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

),

followed as (

    select
        *,
        lag(hour_start) over (
            partition by base_asset order by hour_start
        ) as start_before,
        lag(trade_count) over (
            partition by base_asset order by hour_start
        ) as count_before
    from hours

),

versions as (

    select
        base_asset,
        hour_start,
        cast(
            trade_count + case
                when start_before = hour_start - interval '1' hour
                    then count_before
                else 0
            end as bigint
        ) as trade_count
    from followed

),

missing as (

    select versions.*
    from versions
    {% for table in stored %}
    left join (
        select distinct
            base_asset,
            hour_start,
            trade_count
        from {{ table }}
    ) as stored_{{ loop.index }}
        on
            versions.base_asset = stored_{{ loop.index }}.base_asset
            and versions.hour_start = stored_{{ loop.index }}.hour_start
            and versions.trade_count = stored_{{ loop.index }}.trade_count
    {% endfor %}
    where
        {{ "1 = 0" if stored else "1 = 1" }}
        {% for table in stored %}
        or stored_{{ loop.index }}.hour_start is null
        {% endfor %}
    order by versions.hour_start desc, versions.base_asset asc
    limit {{ most_hours }}

),

event_hours as (

    select
        missing.base_asset,
        missing.hour_start,
        missing.trade_count,
        missing.hour_start
        - ages.hours * interval '1' hour as read_hour
    from missing
    cross join (values (0), (1)) as ages (hours)

)

select * from event_hours
