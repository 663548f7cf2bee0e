{# A sentence that says what a full refresh would lose by replacing a table with its successor; empty if no row would be
   lost. Rows that are gone from the raw tables, or that are rejected now, could not be restored, so every replacement
   calls this macro first. A table without a key in its `meta` can be rebuilt from other tables and isn't checked. #}
{% macro loss_of_refresh(existing, successor) %}
    {%- set key = (config.get("meta") or {}).get("key") -%}
    {%- set lost = 0 if not key or var("lose_rows", false) else rows_lost(existing, successor, key) -%}
    {%- if not lost -%}
        {{ return("") }}
    {%- endif -%}
    {{ return(
        "a full refresh of " ~ this.identifier ~ " would lose " ~ "{:,}".format(lost) ~ " of its rows, which the raw"
        ~ " tables no longer have or which are rejected now; nothing was replaced. `schemahub run unify " ~ this.identifier
        ~ " --full-refresh --force` replaces it and loses them"
    ) }}
{% endmacro %}

{# The number of rows of `existing` whose key is missing in `successor`. #}
{% macro rows_lost(existing, successor, key) %}
    {%- set sql -%}
        select count(*) as row_count
        from {{ existing }} as existing
        left join (
            select {{ key | join(", ") }}, 1 as is_there from {{ successor }}
        ) as successor
            on
                {% for column in key %}
                {{ "and " if not loop.first }}existing.{{ column }} = successor.{{ column }}
                {% endfor %}
        where successor.is_there is null
    {%- endset -%}
    {{ return(run_query(sql).rows[0][0] | int) }}
{% endmacro %}
