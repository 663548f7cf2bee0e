{# What a target reads of `sources`, pairs of raw table and staging model: the staging model and a landing range each. An
   increment leaves out sources without pending loads; a build reads everything, which is the range none. #}
{% macro pending_reads(target, sources) %}
    {%- set landed = pending_landing_ranges(target) if is_incremental() else {} -%}
    {%- set reads = [] -%}
    {%- for raw_table, staging in sources if raw_table in landed or not is_incremental() -%}
        {%- do reads.append((staging, landed.get(raw_table))) -%}
    {%- endfor -%}
    {{ return(reads or [(sources[0][1], empty_range())]) }}
{% endmacro %}
