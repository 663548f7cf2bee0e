{# What a full refresh would lose by replacing a table with its successor, as a sentence; nothing, where it loses no row.
   What is gone from raw, or is rejected now, could not be had back, so whoever replaces asks this first. A table without
   a key in its `meta` can be made again from others, and isn't looked at. #}
{% macro loss_of_refresh(existing, successor) %}
    {%- set key = (config.get("meta") or {}).get("key") -%}
    {%- set lost = 0 if not key or var("lose_rows", false) else rows_lost(existing, successor, key) -%}
    {%- if not lost -%}
        {{ return("") }}
    {%- endif -%}
    {{ return(
        "a full refresh of " ~ this.identifier ~ " would lose " ~ "{:,}".format(lost) ~ " of its rows, which the raw tables"
        ~ " no longer have, or which are rejected now; nothing was replaced. `schemahub run unify " ~ this.identifier
        ~ " --full-refresh --force` loses them"
    ) }}
{% endmacro %}

{# How many rows of `existing` have a key that `successor` lacks. #}
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
