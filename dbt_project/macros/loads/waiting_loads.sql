{# A query for the loads that wait to be unified into the targets of `sources`: all loads in the ledger that
   unified_loads doesn't record. Records of a target that no longer exists, or that this run rebuilds, don't count.
   Loads of a raw table that no mapping reads are left out. #}
{% macro waiting_loads(sources) %}
    {%- set recorded = recorded_loads() -%}
    {%- set counted = targets_with_records(sources | map(attribute="target") | unique | list) if recorded else [] -%}
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
    from {{ source("lake", "schemahub_loads") }} as ledger
    inner join (
        {% for source in sources %}
        select
            '{{ source.target }}' as target,
            '{{ source.raw_table }}' as raw_table,
            '{{ source.mapping_version }}' as mapping_version
        {{ "union all" if not loop.last }}
        {% endfor %}
    ) as sources
        on ledger.raw_table = sources.raw_table
    {% if counted %}
    left join {{ recorded }} as recorded
        on
            sources.target = recorded.target
            and ledger.raw_table = recorded.raw_table
            and ledger.load_id = recorded.load_id
            and {{ one_of("recorded.target", counted) }}
    where recorded.load_id is null
    {% endif %}
    group by sources.target, ledger.raw_table, ledger.load_id
{% endmacro %}
