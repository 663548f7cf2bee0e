{# A query for the ids of the loads that a target reads. An increment reads the complete pending loads. A build also
   reads every recorded load, but none that landed after pending_loads was fixed. Loads are selected by their id alone,
   because DuckDB skips no files by a pair with a constant. If two raw tables ever share an id, rows are unified one run
   early. #}
{% macro loads_to_unify(target) %}
    {%- set recorded = "" if is_incremental() else recorded_loads() %}
        select load_id from {{ ref("pending_loads") }}
        where target = '{{ target }}' and is_complete = 1
        {%- if recorded %}
        union all
        select load_id from {{ recorded }}
        where target = '{{ target }}'
        {%- endif %}
    {% endmacro %}
