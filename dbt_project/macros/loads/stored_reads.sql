{# What to read from `targets` to count the rows of pending loads in them: pairs of a target and a range of event time.
   If there is nothing to count, the only pair reads no row of pending_loads. #}
{% macro stored_reads(targets) %}
    {%- set reads = [] -%}
    {%- for target in targets if target.landing_column -%}
        {%- for touched in merged_ranges(pending_times(target.name), at_most=8) -%}
            {%- do reads.append((target, touched)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set nothing = {
        "name": "", "relation": ref("pending_loads"), "event_column": "ingest_ts", "landing_column": "ingest_ts"
    } -%}
    {{ return(reads or [(nothing, empty_range())]) }}
{% endmacro %}
