{# A query for the ids of the loads to read: an increment reads what is pending, a build every load that is recorded or
   pending, and not those that landed since pending_loads was fixed. By the id alone, as DuckDB skips no files by a pair
   with a constant; should two raw tables ever share one, rows are unified a run early. #}
{% macro loads_to_unify() %}
    {%- set recorded = "" if is_incremental() else unified_loads_if_built() %}
        select load_id from {{ ref("pending_loads") }}
        {%- if recorded %}
        union all
        select load_id from {{ recorded }}
        {%- endif %}
    {% endmacro %}
