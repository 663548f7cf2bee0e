-- A load stays pending until unified_loads has it, whatever its times are: one
-- that commits late or out of order is neither missed nor skipped.
{{ config(materialized="table") }}

{%- set recorded = recorded_loads(["trades_unified"]) %}

with

ledger as (

    select * from {{ source("lake", "schemahub_loads") }}

),

loads as (

    select
        raw_table,
        load_id,
        sum(row_count) as row_count,
        min(min_trade_ts) as min_trade_ts,
        max(max_trade_ts) as max_trade_ts,
        max(ingest_ts) as ingest_ts,
        max(
            case
                when
                    coalesce(row_count, 1) > 0
                    and (min_trade_ts is null or max_trade_ts is null)
                    then 1
                else 0
            end
        ) as has_unknown_times
    from ledger
    group by raw_table, load_id

),

{% if recorded %}
recorded as (

    select
        raw_table,
        load_id,
        1 as is_there
    from {{ recorded }}

),

{% endif %}
pending as (

    select loads.*
    from loads
    {% if recorded %}
    left join recorded
        on
            loads.raw_table = recorded.raw_table
            and loads.load_id = recorded.load_id
    where recorded.is_there is null
    {% endif %}

)

select * from pending
