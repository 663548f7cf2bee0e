-- dbt
alter table `schemahub`.`event_hours` rename to `schemahub`.`event_hours__bkp`
;

-- dbt
alter table `schemahub`.`event_hours__ha` rename to `schemahub`.`event_hours`
;

-- dbt
alter table `schemahub`.`event_prices` rename to `schemahub`.`event_prices__bkp`
;

-- dbt
alter table `schemahub`.`event_prices__ha` rename to `schemahub`.`event_prices`
;

-- dbt
alter table `schemahub`.`event_stretches` rename to `schemahub`.`event_stretches__bkp`
;

-- dbt
alter table `schemahub`.`event_stretches__ha` rename to `schemahub`.`event_stretches`
;

-- dbt
alter table `schemahub`.`event_ticks` rename to `schemahub`.`event_ticks__bkp`
;

-- dbt
alter table `schemahub`.`event_ticks__ha` rename to `schemahub`.`event_ticks`
;

-- model.schemahub.event_hours
create table "awsdatacatalog"."schemahub"."event_hours__ha"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/event_hours/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- The hours that this run of events computes: those of which a stored table has
-- no version with as many trades as there are now in the hour and the one before
-- it. The newest hours come first, and no more than `most_hours`, so that a long
-- history takes several runs instead of much memory. Of each hour, its trades
-- and those of the hour before are read: what is usual is known then, and an
-- event that began before the hour is seen whole.
with
hours as (
select
        products.base_asset,
        date_trunc('hour', bars.minute) as hour_start,
        sum(bars.trade_count) as trade_count
    from "awsdatacatalog"."schemahub"."trades_1m" as bars
    inner join "awsdatacatalog"."schemahub"."products" as products
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
    left join (
        select distinct
            base_asset,
            hour_start,
            trade_count
        from "awsdatacatalog"."schemahub"."volatility_moves_versions"
    ) as stored_1
        on
            versions.base_asset = stored_1.base_asset
            and versions.hour_start = stored_1.hour_start
            and versions.trade_count = stored_1.trade_count
    left join (
        select distinct
            base_asset,
            hour_start,
            trade_count
        from "awsdatacatalog"."schemahub"."lead_lag_sums_versions"
    ) as stored_2
        on
            versions.base_asset = stored_2.base_asset
            and versions.hour_start = stored_2.hour_start
            and versions.trade_count = stored_2.trade_count
    where
        1 = 0
        or stored_1.hour_start is null
        or stored_2.hour_start is null
    order by versions.hour_start desc, versions.base_asset asc
    limit 1000
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
;

-- model.schemahub.event_hours
SELECT '{"rowcount":0,"data_scanned_in_bytes":<bytes>}';
;

-- model.schemahub.event_prices
with intervals as (select
            read_hour as first_ts,
            read_hour + interval '59' minute as last_ts,
            0 as is_unknown
        from "awsdatacatalog"."schemahub"."event_hours"),
    widened as (
        select
            date_trunc('minute', first_ts) - interval '1' minute as start_ts,
            date_trunc('minute', last_ts) + interval '2' minute as end_ts,
            case when is_unknown = 1 or first_ts is null or last_ts is null then 1 else 0 end as is_unknown
        from intervals
    ),
    compared as (
        select
            *,
            max(end_ts) over (
                order by start_ts, end_ts rows between unbounded preceding and 1 preceding
            ) as end_before
        from widened
    ),
    numbered as (
        select
            *,
            sum(case when end_before is null or start_ts > end_before + interval '1' hour then 1 else 0 end) over (
                order by start_ts, end_ts rows between unbounded preceding and current row
            ) as stretch
        from compared
    )
    select
        cast(min(start_ts) as varchar) as stretch_start,
        cast(max(end_ts) as varchar) as stretch_end,
        max(is_unknown) as has_unknown
    from numbered
    group by stretch
    order by stretch
;

-- model.schemahub.event_prices
create table "awsdatacatalog"."schemahub"."event_prices__ha"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/event_prices/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- The last price of each listing at each instant of the hours that are read.
-- All distances between prices are differences of logarithms.
with
hours as (
select distinct
        base_asset,
        read_hour
    from "awsdatacatalog"."schemahub"."event_hours"
),
trades as (
    select
        exchange,
        symbol,
        trade_id,
        trade_ts,
        price
    from "awsdatacatalog"."schemahub"."trades_unified"
    where trade_ts >= timestamp '1970-01-01 00:00:00.000000'
        and trade_ts < timestamp '1970-01-01 00:00:00.000000'
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
                coalesce(case
        when regexp_like(trades.trade_id, '\A *[-+]?[0-9]+ *\z')
            then try_cast(trim(trades.trade_id) as bigint)
    end, -1),
                trades.trade_id
            )
        ) as price,
        count(*) as trade_count
    from trades
    inner join "awsdatacatalog"."schemahub"."products" as products
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
        cast(round(to_unixtime(trade_ts) * 1000000) as bigint) as trade_us,
        10000 * ln(price) as level_bps,
        trade_count
    from instants
)
select * from event_prices
;

-- model.schemahub.event_prices
SELECT '{"rowcount":0,"data_scanned_in_bytes":<bytes>}';
;

-- model.schemahub.event_stretches
create table "awsdatacatalog"."schemahub"."event_stretches__ha"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/event_stretches/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- The events: stretches of time in which prices changed by many times what is
-- usual. An event is found in the hour in which it ends.
with
 __dbt__cte__event_seconds as (
-- The last price of each second, once for each hour for which it is read.
with
last_prices as (
select
        base_asset,
        trade_hour,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000) as second_us,
        max_by(level_bps, trade_us) as level_bps
    from "awsdatacatalog"."schemahub"."event_prices"
    group by
        base_asset,
        trade_hour,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000)
),
event_seconds as (
select
        hours.base_asset,
        hours.hour_start,
        last_prices.canonical_symbol,
        last_prices.exchange,
        last_prices.second_us,
        last_prices.level_bps
    from last_prices
    inner join "awsdatacatalog"."schemahub"."event_hours" as hours
        on
            last_prices.base_asset = hours.base_asset
            and last_prices.trade_hour = hours.read_hour
)
select * from event_seconds
), compared as (
select
        *,
        first_value(second_us) over (
            partition by hour_start, canonical_symbol, exchange
            order by second_us
            range between 5000000 preceding and current row
        ) as since_us,
        level_bps - first_value(level_bps) over (
            partition by hour_start, canonical_symbol, exchange
            order by second_us
            range between 5000000 preceding and current row
        ) as change_bps
    from __dbt__cte__event_seconds
),
changes as (
select
        *,
        row_number() over (
            partition by hour_start, canonical_symbol
            order by abs(change_bps), second_us, exchange
        ) as position,
        count(*) over (
            partition by hour_start, canonical_symbol
        ) as change_count
    from compared
    where since_us < second_us
),
-- the median is hardly moved by the event itself; without enough changes
-- nothing is known of what is usual, and a price that stands still must not
-- make an event of a single tick
usual as (
select
        *,
        greatest(
            cast(1.4826 as double) * max(
                case
                    when position = (change_count + mod(change_count, 2)) / 2
                        then abs(change_bps)
                end
            ) over (partition by hour_start, canonical_symbol),
            cast(0.5 as double)
        ) as sigma_bps
    from changes
    where change_count >= 60
),
hits as (
select
        *,
        lag(second_us) over (
            partition by hour_start, canonical_symbol
            order by second_us, exchange
        ) as hit_before_us
    from usual
    where abs(change_bps) >= 6 * sigma_bps
),
numbered_hits as (
select
        *,
        sum(
            case
                when second_us - hit_before_us <= 10000000 then 0 else 1
            end
        ) over (
            partition by hour_start, canonical_symbol
            order by second_us, exchange
            rows between unbounded preceding and current row
        ) as stretch
    from hits
),
stretches as (
select
        base_asset,
        hour_start,
        canonical_symbol,
        min(since_us) as first_us,
        max(second_us) + 999999 as last_us,
        max(sigma_bps) as sigma_bps,
        max_by(change_bps, abs(change_bps)) as change_bps,
        count(distinct exchange) as moved_exchanges
    from numbered_hits
    group by base_asset, hour_start, canonical_symbol, stretch
    having max(second_us) >= cast(round(to_unixtime(hour_start) * 1000000) as bigint)
),
-- what a single one of several exchanges shows is no event of the market
event_stretches as (
select
        stretches.base_asset,
        stretches.hour_start,
        stretches.canonical_symbol,
        stretches.first_us,
        stretches.last_us,
        stretches.sigma_bps,
        stretches.change_bps
    from stretches
    inner join __dbt__cte__event_seconds as seconds
        on
            stretches.hour_start = seconds.hour_start
            and stretches.canonical_symbol = seconds.canonical_symbol
            and seconds.second_us
            between stretches.first_us and stretches.last_us
    group by
        stretches.base_asset,
        stretches.hour_start,
        stretches.canonical_symbol,
        stretches.first_us,
        stretches.last_us,
        stretches.sigma_bps,
        stretches.change_bps,
        stretches.moved_exchanges
    having
        2 * stretches.moved_exchanges > count(distinct seconds.exchange)
)
select * from event_stretches
;

-- model.schemahub.event_stretches
SELECT '{"rowcount":0,"data_scanned_in_bytes":<bytes>}';
;

-- model.schemahub.event_ticks
create table "awsdatacatalog"."schemahub"."event_ticks__ha"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/event_ticks/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- The prices of all listings of the asset during each event, with a second
-- before and after it. The most important listing of an event is the one that
-- trades most among those of the event's own symbol.
with
ticks as (
select
        stretches.hour_start,
        stretches.canonical_symbol as event_symbol,
        stretches.first_us,
        stretches.sigma_bps,
        prices.canonical_symbol,
        prices.exchange,
        prices.trade_us,
        prices.level_bps,
        prices.trade_count
    from "awsdatacatalog"."schemahub"."event_stretches" as stretches
    inner join "awsdatacatalog"."schemahub"."event_hours" as hours
        on
            stretches.base_asset = hours.base_asset
            and stretches.hour_start = hours.hour_start
    inner join "awsdatacatalog"."schemahub"."event_prices" as prices
        on
            hours.base_asset = prices.base_asset
            and hours.read_hour = prices.trade_hour
            and prices.trade_us
            between stretches.first_us - 1000000
            and stretches.last_us + 1000000
),
counted as (
select
        *,
        max(case when mod(trade_us, 1000000) = 0 then 0 else 1 end) over (
            partition by
                hour_start, event_symbol, first_us, canonical_symbol, exchange
        ) as has_fractions,
        sum(trade_count) over (
            partition by
                hour_start, event_symbol, first_us, canonical_symbol, exchange
        ) as listing_count
    from ticks
),
event_ticks as (
select
        hour_start,
        event_symbol,
        first_us,
        sigma_bps,
        canonical_symbol,
        exchange,
        trade_us,
        level_bps,
        has_fractions,
        dense_rank() over (
            partition by hour_start, event_symbol, first_us
            order by
                case
                    when canonical_symbol = event_symbol then 0 else 1
                end asc,
                listing_count desc,
                exchange asc,
                canonical_symbol asc
        ) as importance
    from counted
)
select * from event_ticks
;

-- model.schemahub.event_ticks
SELECT '{"rowcount":0,"data_scanned_in_bytes":<bytes>}';
;

-- model.schemahub.lead_lag_sums_versions
create table "awsdatacatalog"."schemahub"."lead_lag_sums_versions__dbt_tmp"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/lead_lag_sums_versions__dbt_tmp/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- The Hayashi-Yoshida sums of each hour that has new trades: for two listings
-- of one asset on two exchanges, and each candidate lag, the sum of the
-- products of all changes of the price whose intervals overlap, after the
-- second listing was shifted back by the lag. Sums of hours add up to those of
-- a day.
-- Rows are only ever added; an hour with more trades is a newer version of it.
with
 __dbt__cte__event_changes as (
-- The changes of each listing's price between hundredths of a second with
-- trades, in the hours that are computed. An interval of more than half a minute
-- says nothing about milliseconds.
with
ticks as (
select
        prices.base_asset,
        prices.trade_hour as hour_start,
        prices.exchange,
        prices.canonical_symbol,
        prices.trade_us - mod(prices.trade_us, 10000) as tick_us,
        max_by(prices.level_bps, prices.trade_us) as level_bps
    from "awsdatacatalog"."schemahub"."event_prices" as prices
    inner join "awsdatacatalog"."schemahub"."event_hours" as hours
        on
            prices.base_asset = hours.base_asset
            and prices.trade_hour = hours.hour_start
            and prices.trade_hour = hours.read_hour
    group by
        prices.base_asset,
        prices.trade_hour,
        prices.exchange,
        prices.canonical_symbol,
        prices.trade_us - mod(prices.trade_us, 10000)
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
event_changes as (
select * from compared
    where until_us - since_us <= 30000000
)
select * from event_changes
),  __dbt__cte__lead_lag_steps as (
-- The products of all changes of two listings whose intervals overlap for some
-- lag. A pair of changes overlaps for a stretch of lags: its product is added at
-- the first of them and taken away after the last one, so that each pair is read
-- once for all lags.
with
seconds as (
select numbers.second_number
    from (
        values
        (0),
        (1),
        (2),
        (3),
        (4),
        (5),
        (6),
        (7),
        (8),
        (9),
        (10),
        (11),
        (12),
        (13),
        (14),
        (15),
        (16),
        (17),
        (18),
        (19),
        (20),
        (21),
        (22),
        (23),
        (24),
        (25),
        (26),
        (27),
        (28),
        (29),
        (30),
        (31),
        (32)
    ) as numbers (second_number)
),
-- each change once per second that it touches, so that changes are compared
-- with those near them alone
first_changes as (
select
        changes.*,
        changes.since_us - mod(changes.since_us, 1000000)
        + 1000000 * seconds.second_number as second_us
    from __dbt__cte__event_changes as changes
    inner join seconds
        on
            changes.since_us - mod(changes.since_us, 1000000)
            + 1000000 * seconds.second_number < changes.until_us
),
second_changes as (
select
        changes.*,
        changes.since_us - 300000 as reach_since_us,
        changes.since_us - 300000
        - mod(changes.since_us - 300000, 1000000)
        + 1000000 * seconds.second_number as second_us
    from __dbt__cte__event_changes as changes
    inner join seconds
        on
            changes.since_us - 300000
            - mod(changes.since_us - 300000, 1000000)
            + 1000000 * seconds.second_number
            < changes.until_us + 300000
),
-- two changes meet in several seconds, and count in the first of them
products as (
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
                ) / 20000
            ) + 1,
            -15
        ) as first_lag,
        least(
            ceil(
                cast(
                    second_changes.until_us - first_changes.since_us as double
                ) / 20000
            ) - 1,
            15
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
            < second_changes.until_us + 300000
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
        products.hour_start,
        products.first_exchange,
        products.first_symbol,
        products.second_exchange,
        products.second_symbol,
        case
            when signs.sign = 1 then products.first_lag
            else products.final_lag + 1
        end as lag_number,
        signs.sign * products.product as product
    from products
    cross join (values (1), (-1)) as signs (sign)
    where products.first_lag <= products.final_lag
),
lead_lag_steps as (
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
)
select * from lead_lag_steps
), hours as (
    select
        hours.base_asset,
        hours.hour_start,
        hours.trade_count
    from "awsdatacatalog"."schemahub"."event_hours" as hours
    left join (
        select distinct
            base_asset,
            hour_start,
            trade_count
        from "awsdatacatalog"."schemahub"."lead_lag_sums_versions"
    ) as existing
        on
            hours.base_asset = existing.base_asset
            and hours.hour_start = existing.hour_start
            and hours.trade_count = existing.trade_count
    where
        hours.read_hour = hours.hour_start
        and existing.hour_start is null
),
listings as (
select
        base_asset,
        hour_start,
        exchange,
        canonical_symbol,
        sum(change_bps * change_bps) as square_sum,
        count(*) as change_count
    from __dbt__cte__event_changes
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
        (-15),
        (-14),
        (-13),
        (-12),
        (-11),
        (-10),
        (-9),
        (-8),
        (-7),
        (-6),
        (-5),
        (-4),
        (-3),
        (-2),
        (-1),
        (0),
        (1),
        (2),
        (3),
        (4),
        (5),
        (6),
        (7),
        (8),
        (9),
        (10),
        (11),
        (12),
        (13),
        (14),
        (15)
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
    left join __dbt__cte__lead_lag_steps as steps
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
        cast(sums.lag_number * 20 as bigint) as lag_ms,
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
;

-- model.schemahub.lead_lag_sums_versions
insert into "awsdatacatalog"."schemahub"."lead_lag_sums_versions" ("base_asset", "hour_start", "trade_count", "first_exchange", "first_symbol", "second_exchange", "second_symbol", "lag_ms", "product_sum", "first_square_sum", "second_square_sum", "first_changes", "second_changes")
              (
                 select "base_asset", "hour_start", "trade_count", "first_exchange", "first_symbol", "second_exchange", "second_symbol", "lag_ms", "product_sum", "first_square_sum", "second_square_sum", "first_changes", "second_changes"
                 from "awsdatacatalog"."schemahub"."lead_lag_sums_versions__dbt_tmp"
              );
;

-- model.schemahub.lead_lag_sums_versions
SELECT '{"rowcount":0,"data_scanned_in_bytes":<bytes>}'
;

-- model.schemahub.venue_lead_lag
create or replace view
    "awsdatacatalog"."schemahub"."venue_lead_lag"
  as
    -- A delay is the time between the moments at which two listings cross the
-- middle of the same move, after what their prices usually differ by was taken
-- out. The interval is between two order statistics of the delays, and contains
-- the true median with a probability of at least 95 %, whatever the delays'
-- distribution.
with
ranked as (
select
        *,
        max(trade_count) over (
            partition by base_asset, hour_start
        ) as newest_count
    from "awsdatacatalog"."schemahub"."volatility_moves_versions"
),
crossings as (
select
        ranked.canonical_symbol,
        ranked.started_at,
        ranked.move_number,
        ranked.exchange,
        ranked.traded_symbol,
        ranked.basis_bps,
        ranked.has_fractions,
        cast(round(to_unixtime(ranked.crossed_at) * 1000000) as bigint) as crossed_us
    from ranked
    inner join "awsdatacatalog"."schemahub"."volatility_events" as events
        on
            ranked.canonical_symbol = events.canonical_symbol
            and ranked.started_at = events.started_at
            and ranked.hour_start = events.hour_start
    where
        ranked.trade_count = ranked.newest_count
        and ranked.move_number is not null
),
delays as (
select
        leader.canonical_symbol,
        leader.started_at,
        leader.exchange as leader_exchange,
        leader.traded_symbol as leader_symbol,
        follower.exchange as follower_exchange,
        follower.traded_symbol as follower_symbol,
        follower.basis_bps - leader.basis_bps as basis_bps,
        case
            when leader.has_fractions + follower.has_fractions = 2 then 1
            else 0
        end as has_fractions,
        follower.crossed_us - leader.crossed_us as delay_us,
        row_number() over (
            partition by
                leader.canonical_symbol,
                leader.started_at,
                leader.exchange,
                leader.traded_symbol,
                follower.exchange,
                follower.traded_symbol
            order by
                follower.crossed_us - leader.crossed_us asc nulls last
        ) as position,
        count(follower.crossed_us - leader.crossed_us) over (
            partition by
                leader.canonical_symbol,
                leader.started_at,
                leader.exchange,
                leader.traded_symbol,
                follower.exchange,
                follower.traded_symbol
        ) as delay_count
    from crossings as leader
    inner join crossings as follower
        on
            leader.canonical_symbol = follower.canonical_symbol
            and leader.started_at = follower.started_at
            and leader.move_number = follower.move_number
            and leader.exchange <> follower.exchange
    where
        leader.traded_symbol = leader.canonical_symbol
        or follower.traded_symbol = follower.canonical_symbol
),
positioned as (
select
        *,
        (delay_count + mod(delay_count, 2)) / 2 as middle,
        floor(
            cast(delay_count as double) / 2
            - cast(0.98 as double) * sqrt(cast(delay_count as double))
        ) as low
    from delays
),
-- of an even number of delays, the median is the mean of the middle two
measured as (
select
        canonical_symbol,
        started_at,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        max(basis_bps) as basis_bps,
        max(has_fractions) as has_fractions,
        max(delay_count) as move_count,
        avg(
            case
                when
                    position = middle
                    or position = middle + 1 - mod(delay_count, 2)
                    then cast(delay_us as double) / 1000
            end
        ) as median_ms,
        max(
            case
                when position = low then cast(delay_us as double) / 1000
            end
        ) as low_ms,
        max(
            case
                when position = delay_count + 1 - low
                    then cast(delay_us as double) / 1000
            end
        ) as high_ms
    from positioned
    group by
        canonical_symbol,
        started_at,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol
),
-- of the two directions of a pair, the one in which time is not negative
directed as (
select
        *,
        case
            when has_fractions = 0 then 'whole_seconds'
            when move_count < 12 then 'too_few_moves'
        end as no_verdict_reason
    from measured
    where
        median_ms > 0
        or (coalesce(median_ms, 0) = 0 and leader_exchange < follower_exchange)
),
ranked_sums as (
select
        *,
        max(trade_count) over (
            partition by base_asset, hour_start
        ) as newest_count
    from "awsdatacatalog"."schemahub"."lead_lag_sums_versions"
),
both_directions as (
select
        cast(hour_start as date) as trade_date,
        first_exchange as leader_exchange,
        first_symbol as leader_symbol,
        second_exchange as follower_exchange,
        second_symbol as follower_symbol,
        lag_ms,
        product_sum,
        first_square_sum,
        second_square_sum,
        first_changes,
        second_changes
    from ranked_sums
    where trade_count = newest_count and first_exchange is not null
union all
select
        cast(hour_start as date) as trade_date,
        second_exchange as leader_exchange,
        second_symbol as leader_symbol,
        first_exchange as follower_exchange,
        first_symbol as follower_symbol,
        -lag_ms as lag_ms,
        product_sum,
        second_square_sum as first_square_sum,
        first_square_sum as second_square_sum,
        second_changes as first_changes,
        first_changes as second_changes
    from ranked_sums
    where trade_count = newest_count and first_exchange is not null
),
days_by_lag as (
select
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        lag_ms,
        sum(product_sum) / nullif(
            sqrt(sum(first_square_sum) * sum(second_square_sum)), 0
        ) as correlation,
        least(sum(first_changes), sum(second_changes)) as change_count
    from both_directions
    group by
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        lag_ms
),
days as (
select
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol,
        max(change_count) as change_count,
        max_by(lag_ms, correlation) as lag_ms,
        max(correlation) as correlation
    from days_by_lag
    group by
        trade_date,
        leader_exchange,
        leader_symbol,
        follower_exchange,
        follower_symbol
),
judged_days as (
select
        *,
        case
            when change_count < 500 then 'too_few_trades'
            when correlation is null or correlation <= 0 then 'not_correlated'
        end as no_day_verdict_reason
    from days
),
venue_lead_lag as (
select
        directed.canonical_symbol,
        directed.started_at,
        directed.leader_exchange,
        directed.leader_symbol,
        directed.follower_exchange,
        directed.follower_symbol,
        directed.leader_symbol <> directed.follower_symbol
            as has_different_quotes,
        directed.basis_bps,
        directed.move_count,
        case
            when directed.no_verdict_reason is null then directed.median_ms
        end as median_delay_ms,
        case
            when directed.no_verdict_reason is null then directed.low_ms
        end as low_delay_ms,
        case
            when directed.no_verdict_reason is null then directed.high_ms
        end as high_delay_ms,
        directed.no_verdict_reason,
        case
            when judged_days.no_day_verdict_reason is null
                then judged_days.lag_ms
        end as day_delay_ms,
        case
            when judged_days.no_day_verdict_reason is null
                then judged_days.correlation
        end as day_correlation,
        coalesce(judged_days.change_count, 0) as day_change_count,
        case
            when judged_days.trade_date is null then 'too_few_trades'
            else judged_days.no_day_verdict_reason
        end as no_day_verdict_reason
    from directed
    left join judged_days
        on
            cast(directed.started_at as date) = judged_days.trade_date
            and directed.leader_exchange = judged_days.leader_exchange
            and directed.leader_symbol = judged_days.leader_symbol
            and directed.follower_exchange = judged_days.follower_exchange
            and directed.follower_symbol = judged_days.follower_symbol
)
select * from venue_lead_lag
;

-- model.schemahub.volatility_events
create or replace view
    "awsdatacatalog"."schemahub"."volatility_events"
  as
    -- Shows the newest version of each hour, which is the one of the most trades.
-- The exchange that crossed the middle of a move first, alone, was first in
-- that move; one that was first in most moves leads the event.
with
ranked as (
select
        *,
        max(trade_count) over (
            partition by base_asset, hour_start
        ) as newest_count
    from "awsdatacatalog"."schemahub"."volatility_moves_versions"
),
crossings as (
select * from ranked
    where trade_count = newest_count and canonical_symbol is not null
),
events as (
select
        base_asset,
        hour_start,
        canonical_symbol,
        started_at,
        ended_at,
        size_bps,
        sigma_bps,
        coalesce(max(move_number), 0) as move_count
    from crossings
    group by
        base_asset,
        hour_start,
        canonical_symbol,
        started_at,
        ended_at,
        size_bps,
        sigma_bps
),
-- an event that goes on after an hour's end is complete in the next hour, where
-- it may begin earlier, because each hour has a sigma of its own
whole as (
select events.*
    from events
    left join events as later_events
        on
            events.canonical_symbol = later_events.canonical_symbol
            and events.hour_start + interval '1' hour = later_events.hour_start
            and events.started_at <= later_events.ended_at
            and events.ended_at >= later_events.started_at
    where later_events.hour_start is null
),
crossed as (
select
        *,
        min(crossed_at) over (
            partition by hour_start, canonical_symbol, started_at, move_number
        ) as first_crossed_at,
        count(*) over (
            partition by hour_start, canonical_symbol, started_at, move_number
        ) as exchange_count
    from crossings
    where traded_symbol = canonical_symbol and crossed_at is not null
),
firsts as (
select
        hour_start,
        canonical_symbol,
        started_at,
        move_number,
        min(exchange) as exchange
    from crossed
    where crossed_at = first_crossed_at and exchange_count >= 2
    group by hour_start, canonical_symbol, started_at, move_number
    having count(*) = 1
),
leads as (
select
        hour_start,
        canonical_symbol,
        started_at,
        exchange,
        count(*) as first_count
    from firsts
    group by hour_start, canonical_symbol, started_at, exchange
),
volatility_events as (
select
        whole.canonical_symbol,
        whole.base_asset,
        row_number() over (
            partition by whole.canonical_symbol
            order by abs(whole.size_bps) desc, whole.started_at
        ) as size_rank,
        whole.started_at,
        whole.ended_at,
        whole.size_bps,
        whole.sigma_bps,
        abs(whole.size_bps) / whole.sigma_bps as size_sigmas,
        whole.move_count,
        leads.exchange as leading_exchange,
        whole.hour_start
    from whole
    left join leads
        on
            whole.hour_start = leads.hour_start
            and whole.canonical_symbol = leads.canonical_symbol
            and whole.started_at = leads.started_at
            and 2 * leads.first_count > whole.move_count
)
select * from volatility_events
;

-- model.schemahub.volatility_moves_versions
create table "awsdatacatalog"."schemahub"."volatility_moves_versions__dbt_tmp"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/volatility_moves_versions__dbt_tmp/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- The events of each hour that has new trades, and when each listing crossed the
-- middle of their moves.
-- Rows are only ever added; an hour with more trades is a newer version of it.
with
 __dbt__cte__event_moves as (
-- The sudden moves of each event. They are looked for where most is traded.
with
jumps as (
select
        *,
        last_value(level_bps) over (
            partition by hour_start, event_symbol, first_us
            order by trade_us
            range between unbounded preceding and 30000 preceding
        ) as before_bps
    from "awsdatacatalog"."schemahub"."event_ticks"
    where importance = 1
),
large_jumps as (
select
        *,
        lag(trade_us) over (
            partition by hour_start, event_symbol, first_us
            order by trade_us
        ) as jump_before_us
    from jumps
    where abs(level_bps - before_bps) >= cast(1.5 as double) * sigma_bps
),
numbered_jumps as (
select
        *,
        sum(
            case
                when trade_us - jump_before_us <= 30000 then 0 else 1
            end
        ) over (
            partition by hour_start, event_symbol, first_us
            order by trade_us
            rows between unbounded preceding and current row
        ) as jump
    from large_jumps
),
event_moves as (
select
        hour_start,
        event_symbol,
        first_us,
        jump,
        min(trade_us) as move_us,
        min_by(before_bps, trade_us) as before_bps,
        max_by(level_bps, trade_us) as after_bps
    from numbered_jumps
    group by hour_start, event_symbol, first_us, jump
    having
        abs(max_by(level_bps, trade_us) - min_by(before_bps, trade_us))
        >= cast(1.5 as double) * max(sigma_bps)
)
select * from event_moves
),  __dbt__cte__event_seconds as (
-- The last price of each second, once for each hour for which it is read.
with
last_prices as (
select
        base_asset,
        trade_hour,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000) as second_us,
        max_by(level_bps, trade_us) as level_bps
    from "awsdatacatalog"."schemahub"."event_prices"
    group by
        base_asset,
        trade_hour,
        canonical_symbol,
        exchange,
        trade_us - mod(trade_us, 1000000)
),
event_seconds as (
select
        hours.base_asset,
        hours.hour_start,
        last_prices.canonical_symbol,
        last_prices.exchange,
        last_prices.second_us,
        last_prices.level_bps
    from last_prices
    inner join "awsdatacatalog"."schemahub"."event_hours" as hours
        on
            last_prices.base_asset = hours.base_asset
            and last_prices.trade_hour = hours.read_hour
)
select * from event_seconds
),  __dbt__cte__event_bases as (
-- What a listing usually differs by from the most important one, before the
-- event.
with
listings as (
select distinct
        hour_start,
        event_symbol,
        first_us,
        canonical_symbol,
        exchange,
        importance
    from "awsdatacatalog"."schemahub"."event_ticks"
),
compared as (
select
        listings.*,
        seconds.level_bps - max(
            case when listings.importance = 1 then seconds.level_bps end
        ) over (
            partition by
                listings.hour_start,
                listings.event_symbol,
                listings.first_us,
                seconds.second_us
        ) as basis_bps
    from listings
    inner join __dbt__cte__event_seconds as seconds
        on
            listings.hour_start = seconds.hour_start
            and listings.canonical_symbol = seconds.canonical_symbol
            and listings.exchange = seconds.exchange
            and listings.first_us - 300000000 <= seconds.second_us
            and listings.first_us > seconds.second_us
),
event_bases as (
select
        hour_start,
        event_symbol,
        first_us,
        canonical_symbol,
        exchange,
        avg(basis_bps) as basis_bps
    from compared
    where importance > 1
    group by hour_start, event_symbol, first_us, canonical_symbol, exchange
    having count(basis_bps) >= 5
)
select * from event_bases
), hours as (
    select
        hours.base_asset,
        hours.hour_start,
        hours.trade_count
    from "awsdatacatalog"."schemahub"."event_hours" as hours
    left join (
        select distinct
            base_asset,
            hour_start,
            trade_count
        from "awsdatacatalog"."schemahub"."volatility_moves_versions"
    ) as existing
        on
            hours.base_asset = existing.base_asset
            and hours.hour_start = existing.hour_start
            and hours.trade_count = existing.trade_count
    where
        hours.read_hour = hours.hour_start
        and existing.hour_start is null
),
compared as (
select
        ticks.*,
        moves.jump,
        moves.move_us,
        moves.before_bps,
        moves.after_bps,
        case when ticks.importance = 1 then 0 else bases.basis_bps end
            as basis_bps
    from __dbt__cte__event_moves as moves
    inner join "awsdatacatalog"."schemahub"."event_ticks" as ticks
        on
            moves.hour_start = ticks.hour_start
            and moves.event_symbol = ticks.event_symbol
            and moves.first_us = ticks.first_us
            and ticks.trade_us <= moves.move_us + 300000
    left join __dbt__cte__event_bases as bases
        on
            ticks.hour_start = bases.hour_start
            and ticks.event_symbol = bases.event_symbol
            and ticks.first_us = bases.first_us
            and ticks.canonical_symbol = bases.canonical_symbol
            and ticks.exchange = bases.exchange
),
-- how far each price is beyond the middle of the move; negative is before it
beyond as (
select
        *,
        (level_bps - basis_bps - (before_bps + after_bps) / 2)
        * sign(after_bps - before_bps) as beyond_bps
    from compared
),
-- a listing that was beyond the middle already can't be seen crossing it
crossings as (
select
        hour_start,
        event_symbol,
        first_us,
        jump,
        move_us,
        before_bps,
        after_bps,
        canonical_symbol,
        exchange,
        has_fractions,
        basis_bps,
        case
            when
                coalesce(
                    max_by(beyond_bps, trade_us) filter (
                        where trade_us < move_us - 200000
                    ),
                    -1
                ) <= 0
                then min(trade_us) filter (
                    where
                    trade_us >= move_us - 200000
                    and beyond_bps > 0
                )
        end as crossed_us
    from beyond
    group by
        hour_start,
        event_symbol,
        first_us,
        jump,
        move_us,
        before_bps,
        after_bps,
        canonical_symbol,
        exchange,
        has_fractions,
        basis_bps
),
counted as (
select
        *,
        count(crossed_us) over (
            partition by hour_start, event_symbol, first_us, jump
        ) as crossed_count,
        count(*) over (
            partition by hour_start, event_symbol, first_us, jump
        ) as listing_count
    from crossings
),
confirmed as (
select
        *,
        min(move_us) over (
            partition by hour_start, event_symbol, first_us
        ) as started_us,
        max(move_us) over (
            partition by hour_start, event_symbol, first_us
        ) as ended_us,
        max_by(after_bps, move_us) over (
            partition by hour_start, event_symbol, first_us
        ) - min_by(before_bps, move_us) over (
            partition by hour_start, event_symbol, first_us
        ) as size_bps,
        dense_rank() over (
            partition by hour_start, event_symbol, first_us
            order by jump
        ) as move_number
    from counted
    where crossed_count >= 2 or listing_count = 1
),
-- an event without a sudden move has one row, and so has an hour without event
versions as (
select
        hours.base_asset,
        hours.hour_start,
        hours.trade_count,
        stretches.canonical_symbol,
        cast(from_unixtime_nanos(coalesce(confirmed.started_us, stretches.first_us) * 1000) at time zone 'UTC' as timestamp(6))
            as started_at,
        cast(from_unixtime_nanos(coalesce(confirmed.ended_us, stretches.last_us) * 1000) at time zone 'UTC' as timestamp(6))
            as ended_at,
        coalesce(confirmed.size_bps, stretches.change_bps) as size_bps,
        stretches.sigma_bps,
        cast(confirmed.move_number as bigint) as move_number,
        confirmed.after_bps - confirmed.before_bps as move_bps,
        confirmed.exchange,
        confirmed.canonical_symbol as traded_symbol,
        confirmed.basis_bps,
        cast(confirmed.has_fractions as bigint) as has_fractions,
        cast(from_unixtime_nanos(confirmed.crossed_us * 1000) at time zone 'UTC' as timestamp(6)) as crossed_at
    from hours
    left join "awsdatacatalog"."schemahub"."event_stretches" as stretches
        on
            hours.base_asset = stretches.base_asset
            and hours.hour_start = stretches.hour_start
    left join confirmed
        on
            stretches.hour_start = confirmed.hour_start
            and stretches.canonical_symbol = confirmed.event_symbol
            and stretches.first_us = confirmed.first_us
)
select * from versions
;

-- model.schemahub.volatility_moves_versions
insert into "awsdatacatalog"."schemahub"."volatility_moves_versions" ("base_asset", "hour_start", "trade_count", "canonical_symbol", "started_at", "ended_at", "size_bps", "sigma_bps", "move_number", "move_bps", "exchange", "traded_symbol", "basis_bps", "has_fractions", "crossed_at")
              (
                 select "base_asset", "hour_start", "trade_count", "canonical_symbol", "started_at", "ended_at", "size_bps", "sigma_bps", "move_number", "move_bps", "exchange", "traded_symbol", "basis_bps", "has_fractions", "crossed_at"
                 from "awsdatacatalog"."schemahub"."volatility_moves_versions__dbt_tmp"
              );
;

-- model.schemahub.volatility_moves_versions
SELECT '{"rowcount":0,"data_scanned_in_bytes":<bytes>}'
;
