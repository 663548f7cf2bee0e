{# A query for the hours of which the model that is built lacks the version, one row each with base_asset, hour_start and
   trade_count: after a killed run, one stored table of events may have what the other one lacks. #}
{% macro hours_to_add() %}
    select
        hours.base_asset,
        hours.hour_start,
        hours.trade_count
    from {{ ref("event_hours") }} as hours
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
    {% endif %}
    where
        hours.read_hour = hours.hour_start
        {%- if is_incremental() %}
        and existing.hour_start is null
        {%- endif %}
{% endmacro %}
