{# Deletes the rows of the model's own table that an increment makes again. As a pre-hook it shares the insert's
   transaction on DuckDB, so readers see the old rows or the new ones. On Athena it is a commit of its own: a reader in
   between misses these minutes, and a run that is killed in between is put right by the next one, because the loads
   stay pending. Not MERGE: DuckDB 1.5.5 fails on one without rows, and Athena's scans the whole table. #}
{% macro delete_pending_minutes(column) %}
    {%- set ranges = pending_event_ranges() if is_incremental() else [] -%}
    {%- if ranges -%}
    delete from {{ this }}
    where
        {% for range in ranges -%}
        {{ "or " if not loop.first }}({{ within(column, range) }})
        {% endfor %}
    {%- endif -%}
{% endmacro %}
