{# A query for the ids of the loads to read: an increment reads what is pending, a build every load that is recorded
   or pending, and not those that landed since pending_loads was fixed. #}
{% macro loads_to_unify(raw_table) %}
    {%- set recorded = "" if is_incremental() else unified_loads_if_built() %}
            select load_id
            from {{ ref("pending_loads") }}
            where raw_table = '{{ raw_table }}'
            {%- if recorded %}
            union all
            select load_id
            from {{ recorded }}
            where raw_table = '{{ raw_table }}'
            {%- endif %}
        {% endmacro %}
