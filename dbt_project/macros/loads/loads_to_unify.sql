{# A query for the ids of the loads that a target reads: an increment reads what is pending and was found whole, a build
   every load that is recorded besides, and not those that landed since pending_loads was fixed. By the id alone, as
   DuckDB skips no files by a pair with a constant; should two raw tables ever share one, rows are unified a run early. #}
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
