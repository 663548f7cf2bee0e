-- dbt
alter table `schemahub`.`trades_unified__dbt_new` rename to `schemahub`.`trades_unified`
;

-- dbt
alter table `schemahub`.`trades_1m_versions__dbt_new` rename to `schemahub`.`trades_1m_versions`
;

-- dbt
alter table `schemahub`.`unified_loads__dbt_new` rename to `schemahub`.`unified_loads`
;

-- model.schemahub.completeness
create or replace view
    "awsdatacatalog"."schemahub"."completeness"
  as
    -- Reads the ledger and unified_loads, and no raw table. A single row may have
-- an absurd time, so days before 2009-01-03 and after a landing are left out.
-- `schemahub gaps --by-date` shows the same.
with
ledger as (
select * from "awsdatacatalog"."schemahub"."schemahub_loads"
),
unified as (
select distinct
        raw_table,
        load_id
    from "awsdatacatalog"."schemahub"."unified_loads"
),
stretches as (
select
        ledger.source,
        ledger.stream,
        cast(json_extract_scalar(elements.element, '$[0]') as bigint) as low_key,
        cast(json_extract_scalar(elements.element, '$[1]') as bigint) as high_key,
        cast(json_extract_scalar(elements.element, '$[2]') as bigint) as since_us,
        cast(json_extract_scalar(elements.element, '$[3]') as bigint) as until_us,
        json_extract_scalar(elements.element, '$[5]') as proof
    from ledger
    cross join unnest(cast(json_parse(ledger.coverage) as array(json))) as elements (element)
),
timed as (
select
        source,
        stream,
        low_key,
        high_key,
        proof,
        greatest(cast(from_unixtime_nanos(since_us * 1000) at time zone 'UTC' as timestamp(6)), timestamp '2009-01-03 00:00:00.000000') as since,
        greatest(cast(from_unixtime_nanos(until_us * 1000) at time zone 'UTC' as timestamp(6)), timestamp '2009-01-03 00:00:00.000000') as until
    from stretches
),
in_order as (
select
        *,
        max(high_key) over (
            partition by source, stream
            order by low_key
            rows between unbounded preceding and 1 preceding
        ) as high_key_before,
        lag(until) over (
            partition by source, stream order by low_key
        ) as until_before,
        lead(low_key) over (
            partition by source, stream order by low_key
        ) as low_key_after,
        lead(since) over (
            partition by source, stream order by low_key
        ) as since_after
    from timed
),
holes as (
select
        source,
        stream,
        until_before as since,
        greatest(until_before, since) as until
    from in_order
    where low_key > high_key_before
),
-- what time and sales hold, joined where stretches touch; the stream with ids
-- that is beside needs no rows of these times
beside as (
select
        *,
        sum(case when low_key > high_key_before then 1 else 0 end) over (
            partition by source, stream
            order by low_key
            rows between unbounded preceding and current row
        ) as place
    from in_order
    where stream like '% (time and sales)'
),
in_files as (
select
        source,
        replace(stream, ' (time and sales)', '') as stream,
        cast(from_unixtime_nanos(min(low_key) * 1000) at time zone 'UTC' as timestamp(6)) as since,
        cast(from_unixtime_nanos(max(high_key) * 1000) at time zone 'UTC' as timestamp(6)) as until
    from beside
    group by source, stream, place
),
hole_days as (
select
        holes.source,
        holes.stream,
        holes.since,
        holes.until,
        cast(days.day as date) as utc_date,
        greatest(holes.since, cast(days.day as timestamp(6))) as first_time,
        cast(days.day as timestamp(6)) + interval '1' day as next_day
    from holes
    cross join unnest(
        sequence(cast(holes.since as date), cast(holes.until as date), interval '1' day)
    ) as days (day)
),
-- if two stretches touch, nothing happened between them
held as (
select
        source,
        stream,
        since,
        case
            when low_key_after = high_key then greatest(until, since_after)
            else until
        end as until,
        proof
    from in_order
union all
select
        source,
        stream,
        greatest(min_event_ts, timestamp '2009-01-03 00:00:00.000000') as since,
        greatest(min_event_ts, timestamp '2009-01-03 00:00:00.000000', least(max_event_ts, landed_at))
            as until,
        'unprovable' as proof
    from ledger
    where
        coalesce(coverage, '[]') = '[]'
        and min_event_ts is not null
        and min_event_ts <= landed_at
),
touched as (
select
        held.source,
        held.stream,
        cast(days.day as date) as utc_date,
        greatest(held.since, cast(days.day as timestamp(6))) as held_since,
        least(held.until, cast(days.day as timestamp(6)) + interval '1' day)
            as held_until,
        0 as holes,
        case when held.proof = 'unprovable' then 1 else 0 end as is_unprovable,
        case when held.proof in ('ids', 'absent') then 0 else 1 end as is_sparse
    from held
    cross join unnest(
        sequence(cast(held.since as date), cast(held.until as date), interval '1' day)
    ) as days (day)
union all
-- rows of a hole between two equal times may be on either side of an edge
    select
        hole_days.source,
        hole_days.stream,
        hole_days.utc_date,
        cast(null as timestamp(6)) as held_since,
        cast(null as timestamp(6)) as held_until,
        case when in_files.source is null then 1 else 0 end as holes,
        0 as is_unprovable,
        case when in_files.source is null then 0 else 1 end as is_sparse
    from hole_days
    left join in_files
        on
            hole_days.source = in_files.source
            and hole_days.stream = in_files.stream
            and hole_days.since < hole_days.until
            and hole_days.first_time >= in_files.since
            and (
                hole_days.until < in_files.until
                or hole_days.next_day <= in_files.until
            )
),
by_date as (
select
        source,
        stream,
        utc_date,
        min(held_since) as held_since,
        max(held_until) as held_until,
        sum(holes) as holes,
        max(is_unprovable) as is_unprovable,
        max(is_sparse) as is_sparse
    from touched
    group by source, stream, utc_date
    having count(held_since) + sum(holes) > 0
),
loads as (
select
        ledger.source,
        ledger.stream,
        ledger.row_count,
        greatest(ledger.min_event_ts, timestamp '2009-01-03 00:00:00.000000') as since,
        greatest(
            ledger.min_event_ts,
            timestamp '2009-01-03 00:00:00.000000',
            least(ledger.max_event_ts, ledger.landed_at)
        ) as until,
        cast(ledger.min_event_ts as date) as first_date,
        cast(ledger.max_event_ts as date) as last_date,
        try_cast(ledger.first_id as bigint) as first_id,
        try_cast(ledger.last_id as bigint) as last_id,
        case when unified.load_id is null then 1 else 0 end as is_pending
    from ledger
    left join unified
        on
            ledger.raw_table = unified.raw_table
            and ledger.load_id = unified.load_id
    where
        ledger.min_event_ts is not null
        and ledger.min_event_ts <= ledger.landed_at
),
landed as (
select
        loads.source,
        loads.stream,
        cast(days.day as date) as utc_date,
        loads.is_pending,
        case
            when loads.first_date = loads.last_date then loads.row_count
            else 0
        end as row_count,
        case
            when loads.first_date = loads.last_date then 0
            else loads.row_count
        end as edge_rows,
        case
            when loads.first_date = loads.last_date then loads.first_id
        end as first_id,
        case
            when loads.first_date = loads.last_date then loads.last_id
        end as last_id
    from loads
    cross join unnest(
        sequence(cast(loads.since as date), cast(loads.until as date), interval '1' day)
    ) as days (day)
),
landed_by_date as (
select
        source,
        stream,
        utc_date,
        max(is_pending) as is_pending,
        sum(row_count) as row_count,
        sum(edge_rows) as edge_rows,
        min(first_id) as first_id,
        max(last_id) as last_id
    from landed
    group by source, stream, utc_date
),
joined as (
select
        by_date.*,
        landed_by_date.first_id,
        landed_by_date.last_id,
        landed_by_date.row_count,
        landed_by_date.edge_rows,
        coalesce(landed_by_date.is_pending, 0) as is_pending,
        max(by_date.utc_date) over (
            partition by by_date.source, by_date.stream
        ) as newest_date
    from by_date
    left join landed_by_date
        on
            by_date.source = landed_by_date.source
            and by_date.stream = landed_by_date.stream
            and by_date.utc_date = landed_by_date.utc_date
),
completeness as (
select
        source,
        stream,
        utc_date,
        case
            when holes > 0 then 'gaps'
            when is_pending = 1 or utc_date = newest_date then 'pending'
            when is_unprovable = 1 then 'unprovable'
            else 'complete'
        end as state,
        held_since,
        held_until,
        first_id,
        last_id,
        cast(coalesce(row_count, 0) as bigint) as row_count,
        cast(coalesce(edge_rows, 0) as bigint) as edge_rows,
        case
            when is_sparse = 0 and stream not like '% (time and sales)'
                then last_id - first_id + 1
        end as expected_count,
        cast(holes as bigint) as holes
    from joined
)
select * from completeness
;

-- model.schemahub.cross_exchange_spreads
create or replace view
    "awsdatacatalog"."schemahub"."cross_exchange_spreads"
  as
    with
bars as (
select * from "awsdatacatalog"."schemahub"."trades_1m"
),
products as (
select * from "awsdatacatalog"."schemahub"."products"
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
;

-- model.schemahub.daily_volumes
create or replace view
    "awsdatacatalog"."schemahub"."daily_volumes"
  as
    with
bars as (
select * from "awsdatacatalog"."schemahub"."trades_1m"
),
days as (
select
        exchange,
        symbol,
        cast(minute as date) as trade_date,
        sum(trade_count) as trade_count,
        sum(base_volume) as base_volume,
        sum(quote_volume) as quote_volume,
        sum(quote_volume) / nullif(sum(base_volume), 0) as vwap,
        max(high_price) as high_price,
        min(low_price) as low_price
    from bars
    group by exchange, symbol, cast(minute as date)
)
select * from days
;

-- model.schemahub.pending_loads
select
            raw_table,
            cast(min(ingest_ts) as varchar) as range_start,
            cast(max(ingest_ts) + interval '1' second as varchar) as range_end,
            count(*) - count(ingest_ts) as unknown_times
        from (select
        sources.target,
        ledger.raw_table,
        ledger.load_id,
        max(sources.mapping_version) as mapping_version,
        cast(sum(coalesce(ledger.row_count, 0)) as bigint) as row_count,
        min(ledger.min_event_ts) as min_event_ts,
        max(ledger.max_event_ts) as max_event_ts,
        max(ledger.ingest_ts) as ingest_ts,
        max(
            case
                when
                    coalesce(ledger.row_count, 1) > 0
                    and (ledger.min_event_ts is null or ledger.max_event_ts is null)
                    then 1
                else 0
            end
        ) as has_unknown_times
    from "awsdatacatalog"."schemahub"."schemahub_loads" as ledger
    inner join (
        select
            'trades_unified' as target,
            'raw_binance_trades' as raw_table,
            '43aa0eab4c0c' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_bitstamp_trades' as raw_table,
            '818e7ae26952' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_bybit_trades' as raw_table,
            'a644fbbcff65' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_coinbase_trades' as raw_table,
            '21131d87d725' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_gemini_trades' as raw_table,
            '4423747097a4' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_kraken_trades' as raw_table,
            'bb4749694a27' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_okx_trades' as raw_table,
            'f82b46b92240' as mapping_version
    ) as sources
        on ledger.raw_table = sources.raw_table
    group by sources.target, ledger.raw_table, ledger.load_id
) as loads
        group by raw_table
;

-- model.schemahub.pending_loads
create table "awsdatacatalog"."schemahub"."pending_loads"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/pending_loads/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- Generated by `schemahub generate` from config/mappings/: do not edit.
-- A load stays pending for a target until unified_loads records it for that
-- target, whatever its times are, so a load that commits late or out of order
-- is never skipped. Its rows are counted here, before any model reads them. Raw
-- tables only grow, so every row that is found now is found again later.
with
waiting as (
select
        sources.target,
        ledger.raw_table,
        ledger.load_id,
        max(sources.mapping_version) as mapping_version,
        cast(sum(coalesce(ledger.row_count, 0)) as bigint) as row_count,
        min(ledger.min_event_ts) as min_event_ts,
        max(ledger.max_event_ts) as max_event_ts,
        max(ledger.ingest_ts) as ingest_ts,
        max(
            case
                when
                    coalesce(ledger.row_count, 1) > 0
                    and (ledger.min_event_ts is null or ledger.max_event_ts is null)
                    then 1
                else 0
            end
        ) as has_unknown_times
    from "awsdatacatalog"."schemahub"."schemahub_loads" as ledger
    inner join (
        select
            'trades_unified' as target,
            'raw_binance_trades' as raw_table,
            '43aa0eab4c0c' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_bitstamp_trades' as raw_table,
            '818e7ae26952' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_bybit_trades' as raw_table,
            'a644fbbcff65' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_coinbase_trades' as raw_table,
            '21131d87d725' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_gemini_trades' as raw_table,
            '4423747097a4' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_kraken_trades' as raw_table,
            'bb4749694a27' as mapping_version
        union all
        select
            'trades_unified' as target,
            'raw_okx_trades' as raw_table,
            'f82b46b92240' as mapping_version
    ) as sources
        on ledger.raw_table = sources.raw_table
    group by sources.target, ledger.raw_table, ledger.load_id
),
found_rows as (
    select
        'raw_binance_trades' as raw_table,
        _dlt_load_id as load_id,
        rejection_reason
    from "awsdatacatalog"."schemahub"."stg_binance__trades"
    where _source_ingest_ts >= timestamp '2026-01-05 12:00:00.000000'
        and _source_ingest_ts < timestamp '2026-01-05 12:00:01.000000'
    union all
    select
        'raw_coinbase_trades' as raw_table,
        _dlt_load_id as load_id,
        rejection_reason
    from "awsdatacatalog"."schemahub"."stg_coinbase__trades"
    where _source_ingest_ts >= timestamp '2026-01-05 12:00:01.000000'
        and _source_ingest_ts < timestamp '2026-01-05 12:00:02.000000'
),
by_reason as (
select
        raw_table,
        load_id,
        rejection_reason,
        count(*) as row_count
    from found_rows
    group by raw_table, load_id, rejection_reason
),
found as (
select
        raw_table,
        load_id,
        sum(row_count) as found_rows,
        sum(case when rejection_reason is null then 0 else row_count end)
            as rejected_rows,
        array_join(array_agg(cast(row_count as varchar) || ' ' || rejection_reason order by rejection_reason) filter (where cast(row_count as varchar) || ' ' || rejection_reason is not null), chr(10)) as rejections
    from by_reason
    group by raw_table, load_id
),
compared as (
select
        waiting.target,
        waiting.raw_table,
        waiting.load_id,
        waiting.mapping_version,
        waiting.row_count,
        waiting.min_event_ts,
        waiting.max_event_ts,
        waiting.ingest_ts,
        waiting.has_unknown_times,
        cast(coalesce(found.found_rows, 0) as bigint) as found_rows,
        cast(coalesce(found.rejected_rows, 0) as bigint) as rejected_rows,
        found.rejections,
        case
            when coalesce(found.found_rows, 0) >= waiting.row_count then 1
            else 0
        end as is_complete
    from waiting
    left join found
        on
            waiting.raw_table = found.raw_table
            and waiting.load_id = found.load_id
)
select * from compared
;

-- model.schemahub.pending_loads
SELECT '{"rowcount":2,"data_scanned_in_bytes":<bytes>}';
;

-- model.schemahub.schemahub_watermarks
create or replace view
    "awsdatacatalog"."schemahub"."schemahub_watermarks"
  as
    with
ledger as (
select * from "awsdatacatalog"."schemahub"."schemahub_loads"
),
-- a single row may have an absurd time
timed as (
select
        *,
        case
            when max_event_ts is not null then least(max_event_ts, landed_at)
        end as last_event_ts
    from ledger
),
ranked as (
select
        *,
        sum(row_count) over (partition by source, stream) as landed_rows,
        row_number() over (
            partition by source, stream
            order by
                case when last_event_ts is null then 1 else 0 end,
                last_event_ts desc,
                landed_at desc,
                load_id desc
        ) as recency
    from timed
),
watermarks as (
select
        source,
        stream,
        last_id,
        last_event_ts,
        channel,
        load_id,
        landed_at,
        landed_rows
    from ranked
    where recency = 1
)
select * from watermarks
;

-- model.schemahub.stg_binance__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_binance__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/binance_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_binance_trades"
),
renamed as (
select
        cast('BINANCE' as varchar) as exchange,
        "symbol",
        "id" as trade_id,
        coalesce(case
        when lower(trim(both ' ' from cast("is_buyer_maker" as varchar))) in ('false', 'f', '0')
            then 'BUY'
        when lower(trim(both ' ' from cast("is_buyer_maker" as varchar))) in ('true', 't', '1')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "qty" as quantity,
        "time" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id
    from source
),
classified as (
select
        *,
        case
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.stg_bitstamp__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_bitstamp__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/bitstamp_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_bitstamp_trades"
),
renamed as (
select
        cast('BITSTAMP' as varchar) as exchange,
        "pair" as symbol,
        "tid" as trade_id,
        coalesce(case
        when lower(trim(both ' ' from cast("type" as varchar))) in ('false', 'f', '0')
            then 'BUY'
        when lower(trim(both ' ' from cast("type" as varchar))) in ('true', 't', '1')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "amount" as quantity,
        "date" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id
    from source
),
classified as (
select
        *,
        case
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.stg_bybit__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_bybit__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/bybit_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_bybit_trades"
),
renamed as (
select
        cast('BYBIT' as varchar) as exchange,
        "symbol",
        "exec_id" as trade_id,
        coalesce(case
        when lower(trim(both ' ' from cast("side" as varchar))) in ('buy', 'b', 'bid', 'bought')
            then 'BUY'
        when lower(trim(both ' ' from cast("side" as varchar))) in ('sell', 's', 'ask', 'sold')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "size" as quantity,
        "time" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id,
        case
            when not coalesce(("is_block_trade" is null or "is_block_trade" not in (true)), false)
                then 'left out by the filter of is_block_trade'
        end as filter_reason
    from source
),
classified as (
select
        *,
        case
            when filter_reason is not null
                then filter_reason
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.stg_coinbase__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_coinbase__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/coinbase_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_coinbase_trades"
),
renamed as (
select
        cast('COINBASE' as varchar) as exchange,
        "product_id" as symbol,
        "trade_id",
        coalesce(case
        when lower(trim(both ' ' from cast("side" as varchar))) in ('sell', 's', 'ask', 'sold')
            then 'BUY'
        when lower(trim(both ' ' from cast("side" as varchar))) in ('buy', 'b', 'bid', 'bought')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "size" as quantity,
        "time" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id
    from source
),
classified as (
select
        *,
        case
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.stg_gemini__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_gemini__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/gemini_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_gemini_trades"
),
renamed as (
select
        cast('GEMINI' as varchar) as exchange,
        "symbol",
        "tid" as trade_id,
        coalesce(case
        when lower(trim(both ' ' from cast("type" as varchar))) in ('buy', 'b', 'bid', 'bought')
            then 'BUY'
        when lower(trim(both ' ' from cast("type" as varchar))) in ('sell', 's', 'ask', 'sold')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "amount" as quantity,
        "timestampms" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id,
        case
            when not coalesce(("type" is null or "type" not in (cast('block' as varchar))), false)
                then 'left out by the filter of type'
        end as filter_reason
    from source
),
classified as (
select
        *,
        case
            when filter_reason is not null
                then filter_reason
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.stg_kraken__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_kraken__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/kraken_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_kraken_trades"
),
renamed as (
select
        cast('KRAKEN' as varchar) as exchange,
        "pair" as symbol,
        "trade_id",
        coalesce(case
        when lower(trim(both ' ' from cast("side" as varchar))) in ('buy', 'b', 'bid', 'bought')
            then 'BUY'
        when lower(trim(both ' ' from cast("side" as varchar))) in ('sell', 's', 'ask', 'sold')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "volume" as quantity,
        "time" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id
    from source
),
classified as (
select
        *,
        case
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.stg_okx__trades
create or replace view
    "awsdatacatalog"."schemahub"."stg_okx__trades"
  as
    -- Generated by `schemahub generate` from config/mappings/okx_trades.yaml: do not edit.
with
source as (
select * from "awsdatacatalog"."schemahub"."raw_okx_trades"
),
renamed as (
select
        cast('OKX' as varchar) as exchange,
        "inst_id" as symbol,
        "trade_id",
        coalesce(case
        when lower(trim(both ' ' from cast("side" as varchar))) in ('buy', 'b', 'bid', 'bought')
            then 'BUY'
        when lower(trim(both ' ' from cast("side" as varchar))) in ('sell', 's', 'ask', 'sold')
            then 'SELL'
        else 'UNKNOWN'
    end, cast('UNKNOWN' as varchar)) as side,
        "price",
        "size" as quantity,
        "ts" as trade_ts,
        _source_ingest_ts as ingest_ts,
        _source_ingest_ts,
        _channel,
        _dlt_load_id
    from source
),
classified as (
select
        *,
        case
            when exchange is null
                then 'exchange is null'
            when symbol is null
                then 'symbol is null'
            when trade_id is null
                then 'trade_id is null'
            when side is null
                then 'side is null'
            when price is null
                then 'price is null'
            when quantity is null
                then 'quantity is null'
            when trade_ts is null
                then 'trade_ts is null'
            when ingest_ts is null
                then 'ingest_ts is null'
            when not abs(price) < cast('Infinity' as double)
                then 'price is not finite'
            when not abs(quantity) < cast('Infinity' as double)
                then 'quantity is not finite'
            when side not in (cast('BUY' as varchar), cast('SELL' as varchar), cast('UNKNOWN' as varchar))
                then 'side is not accepted'
            when price <= cast(0.0 as double)
                then 'price is not above 0'
            when quantity <= cast(0.0 as double)
                then 'quantity is not above 0'
            when trade_ts < timestamp '2009-01-03 00:00:00.000000'
                then 'trade_ts is before 2009-01-03'
            when trade_ts > greatest(_source_ingest_ts, timestamp '0000-00-00 00:00:00.000000') + interval '1' day
                then 'trade_ts is in the future'
        end as rejection_reason
    from renamed
)
select * from classified
;

-- model.schemahub.trades_1m
create or replace view
    "awsdatacatalog"."schemahub"."trades_1m"
  as
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
    from "awsdatacatalog"."schemahub"."trades_1m_versions"
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
;

-- model.schemahub.trades_1m_versions
create table "awsdatacatalog"."schemahub"."trades_1m_versions__dbt_new"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/trades_1m_versions/<uuid>',
      partitioning=ARRAY['day(minute)'],
      write_compression='zstd',
      format='parquet'
    )
    as
      -- An increment computes again, from all their trades, the minutes that pending
-- loads touch, and adds those that changed. Rows are only ever added, so a
-- reader always sees either the old candle or the new one.
with
trades as (
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
            trade_ts, coalesce(case
        when regexp_like(trade_id, '\A *[-+]?[0-9]+ *\z')
            then try_cast(trim(trade_id) as bigint)
    end, -1), trade_id
        ) as trade_order
    from "awsdatacatalog"."schemahub"."trades_unified"
    where 1 = 1
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
changed as (
select bars.*
    from bars
)
select * from changed
;

-- model.schemahub.trades_1m_versions
select '{"rowcount":2,"data_scanned_in_bytes":<bytes>}' as result
;

-- model.schemahub.trades_enriched
create or replace view
    "awsdatacatalog"."schemahub"."trades_enriched"
  as
    with
trades as (
select * from "awsdatacatalog"."schemahub"."trades_unified"
),
products as (
select * from "awsdatacatalog"."schemahub"."products"
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
        round(to_unixtime(trades.ingest_ts) - to_unixtime(trades.trade_ts), 6)
            as latency_seconds
    from trades
    left join products
        on
            trades.exchange = products.exchange
            and trades.symbol = products.symbol
)
select * from enriched
;

-- model.schemahub.trades_rejected
create or replace view
    "awsdatacatalog"."schemahub"."trades_rejected"
  as
    -- Generated by `schemahub generate` from config/targets/trades_unified.yaml: do not edit.
with
rejected as (
select
        'raw_binance_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_binance__trades"
    where rejection_reason is not null
union all
select
        'raw_bitstamp_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_bitstamp__trades"
    where rejection_reason is not null
union all
select
        'raw_bybit_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_bybit__trades"
    where rejection_reason is not null
union all
select
        'raw_coinbase_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_coinbase__trades"
    where rejection_reason is not null
union all
select
        'raw_gemini_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_gemini__trades"
    where rejection_reason is not null
union all
select
        'raw_kraken_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_kraken__trades"
    where rejection_reason is not null
union all
select
        'raw_okx_trades' as raw_table,
        rejection_reason,
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _channel,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_okx__trades"
    where rejection_reason is not null
)
select * from rejected
;

-- model.schemahub.trades_unified
create table "awsdatacatalog"."schemahub"."trades_unified__dbt_new"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/trades_unified/<uuid>',
      partitioning=ARRAY['day(trade_ts)'],
      write_compression='zstd',
      format='parquet'
    )
    as
      -- Generated by `schemahub generate` from config/targets/trades_unified.yaml: do not edit.
-- depends_on: "awsdatacatalog"."schemahub"."pending_loads"
with
landed as (
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_binance__trades"
    where
        rejection_reason is null
        and 1 = 1
    union all
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_bitstamp__trades"
    where
        rejection_reason is null
        and 1 = 1
    union all
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_bybit__trades"
    where
        rejection_reason is null
        and 1 = 1
    union all
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_coinbase__trades"
    where
        rejection_reason is null
        and 1 = 1
    union all
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_gemini__trades"
    where
        rejection_reason is null
        and 1 = 1
    union all
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_kraken__trades"
    where
        rejection_reason is null
        and 1 = 1
    union all
    select
        exchange,
        symbol,
        trade_id,
        side,
        price,
        quantity,
        trade_ts,
        ingest_ts,
        _dlt_load_id
    from "awsdatacatalog"."schemahub"."stg_okx__trades"
    where
        rejection_reason is null
        and 1 = 1
),
-- filtered once and not per source: every reference to the loads adds stages,
-- and Athena refuses a statement with more than 150
incoming as (
select *
    from landed
    where _dlt_load_id in (
        select load_id from "awsdatacatalog"."schemahub"."pending_loads"
        where target = 'trades_unified' and is_complete = 1
    )
),
ranked as (
select
        *,
        row_number() over (
            partition by exchange, symbol, trade_id
            order by ingest_ts, trade_ts, side, price, quantity
        ) as landing_rank
    from incoming
),
first_landed as (
select
        ranked.exchange,
        ranked.symbol,
        ranked.trade_id,
        ranked.side,
        ranked.price,
        ranked.quantity,
        ranked.trade_ts,
        ranked.ingest_ts
    from ranked
    where
        ranked.landing_rank = 1
)
select * from first_landed
;

-- model.schemahub.trades_unified
select '{"rowcount":5,"data_scanned_in_bytes":<bytes>}' as result
;

-- model.schemahub.unified_loads
with intervals as (select
            min_event_ts as first_ts,
            max_event_ts as last_ts,
            has_unknown_times as is_unknown
        from "awsdatacatalog"."schemahub"."pending_loads"
        where target = 'trades_unified' and is_complete = 1 and row_count > 0),
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

-- model.schemahub.unified_loads
create table "awsdatacatalog"."schemahub"."unified_loads__dbt_new"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/unified_loads/<uuid>',
      write_compression='zstd',
      format='parquet'
    )
    as
      -- Generated by `schemahub generate` from config/targets/: do not edit.
-- For each target that this run built together with all its stored marts, the
-- loads whose rows were all found. They are recorded last: a run that ends
-- early leaves its loads pending, and the next run adds what is missing.
-- depends_on: "awsdatacatalog"."schemahub"."trades_1m_versions"
with
pending as (
select *
    from "awsdatacatalog"."schemahub"."pending_loads"
    where
        is_complete = 1
        and target in ('trades_unified')
),
-- a load's rows in the table are those that have its landing time
stored as (
    select
        'trades_unified' as target,
        ingest_ts as ingest_ts
    from "awsdatacatalog"."schemahub"."trades_unified"
    where trade_ts >= timestamp '2026-01-05 10:59:00.000000'
        and trade_ts < timestamp '2026-01-05 11:02:00.000000'
),
stored_counts as (
select
        target,
        ingest_ts,
        count(*) as row_count
    from stored
    group by target, ingest_ts
),
valid as (
select
        *,
        found_rows - rejected_rows as valid_rows,
        sum(found_rows - rejected_rows) over (
            partition by target, ingest_ts
            order by raw_table, load_id
            rows between unbounded preceding and current row
        ) as valid_so_far
    from pending
),
-- if two loads have the same landing time, rows count for the first one first
balanced as (
select
        valid.*,
        case
            when 1 = 0
                then cast(null as bigint)
            else cast(
                greatest(
                    0,
                    least(
                        valid.valid_rows,
                        coalesce(stored_counts.row_count, 0)
                        - (valid.valid_so_far - valid.valid_rows)
                    )
                ) as bigint
            )
        end as inserted_rows
    from valid
    left join stored_counts
        on
            valid.target = stored_counts.target
            and valid.ingest_ts = stored_counts.ingest_ts
),
newly_unified as (
select
        balanced.target,
        balanced.raw_table,
        balanced.load_id,
        balanced.found_rows as read_rows,
        balanced.inserted_rows,
        balanced.valid_rows - balanced.inserted_rows as known_rows,
        balanced.rejected_rows,
        balanced.rejections,
        balanced.mapping_version,
        timestamp '0000-00-00 00:00:00.000000' as unified_at
    from balanced
),
-- a refresh of one target keeps the records of all other targets
records as (
select * from newly_unified
)
select * from records
;

-- model.schemahub.unified_loads
select '{"rowcount":2,"data_scanned_in_bytes":<bytes>}' as result
;
