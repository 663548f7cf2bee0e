-- source.schemahub.lake.raw_binance_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_binance_trades"
;

-- source.schemahub.lake.raw_bitstamp_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_bitstamp_trades"
;

-- source.schemahub.lake.raw_bybit_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_bybit_trades"
;

-- source.schemahub.lake.raw_coinbase_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_coinbase_trades"
;

-- source.schemahub.lake.raw_gemini_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_gemini_trades"
;

-- source.schemahub.lake.raw_kraken_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_kraken_trades"
;

-- source.schemahub.lake.raw_okx_trades
select
      max(_source_ingest_ts) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."raw_okx_trades"
;

-- source.schemahub.lake.schemahub_loads
select
      max(landed_at) as max_loaded_at,
      cast(now() as timestamp) as snapshotted_at
    from "awsdatacatalog"."schemahub"."schemahub_loads"
;
