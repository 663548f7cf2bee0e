{# A query for the loads to read, raw table and id: an increment reads what is pending, a build every load that is
   recorded or pending, each once, and not those that landed since pending_loads was fixed. #}
{% macro loads_to_unify() %}
    {%- set recorded = "" if is_incremental() else unified_loads_if_built() -%}
    select
        raw_table,
        load_id
    from {{ ref("pending_loads") }}
    {%- if recorded %}
    union distinct
    select
        raw_table,
        load_id
    from {{ recorded }}
    {%- endif %}
{%- endmacro %}
