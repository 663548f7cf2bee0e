-- seed.schemahub.products
create external table `schemahub`.`products__dbt_tmp` (`exchange` string, `symbol` string, `base_asset` string, `quote_asset` string, `canonical_symbol` string)
    row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
    location 's3://<bucket>/some/prefix/schemahub/products__dbt_tmp/<uuid>'
    tblproperties (
      'skip.header.line.count'='1'
    )
;

-- seed.schemahub.products
create table "awsdatacatalog"."schemahub"."products"
    with (
      table_type='iceberg',
      is_external=false,location='s3://<bucket>/some/prefix/schemahub/products/<uuid>',
      format='parquet'
    )
    as
    select
              cast(nullif("exchange", '') as varchar) as "exchange"
            ,
              cast(nullif("symbol", '') as varchar) as "symbol"
            ,
              cast(nullif("base_asset", '') as varchar) as "base_asset"
            ,
              cast(nullif("quote_asset", '') as varchar) as "quote_asset"
            ,
              cast(nullif("canonical_symbol", '') as varchar) as "canonical_symbol"
    from
        "awsdatacatalog"."schemahub"."products__dbt_tmp"
;
