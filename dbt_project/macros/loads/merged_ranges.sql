{# Merges intervals into few ranges. Intervals less than an hour apart become one range, and more than `at_most` ranges
   become one, because each range is a stage for Athena, which allows 150 in a statement, and a stored mart reads two
   tables by ranges. Returns [none], which means everything, if any interval is unknown. `intervals` is a query that
   gives first_ts, last_ts and is_unknown (0 or 1). #}
{% macro merged_ranges(intervals, at_most=40) %}
    {%- if not execute -%}
        {{ return([empty_range()]) }}
    {%- endif -%}
    {%- set rows = run_query(merged_ranges_sql(intervals)).rows -%}
    {%- if rows | selectattr(2) | list -%}
        {{ return([none]) }}
    {%- endif -%}
    {%- if rows | length > at_most -%}
        {{ return([{"start": rows[0][0], "end": rows[-1][1]}]) }}
    {%- endif -%}
    {%- set ranges = [] -%}
    {%- for row in rows -%}
        {%- do ranges.append({"start": row[0], "end": row[1]}) -%}
    {%- endfor -%}
    {{ return(ranges or [empty_range()]) }}
{% endmacro %}
