{# What a target reads: pairs of a staging model and a landing range. `sources` are pairs of a raw table and its staging
   model. An increment leaves out sources without pending loads. A build reads everything, so its ranges are none. #}
{% macro pending_reads(target, sources) %}
    {%- set landed = pending_landing_ranges(target) if is_incremental() else {} -%}
    {%- set reads = [] -%}
    {%- for raw_table, staging in sources if raw_table in landed or not is_incremental() -%}
        {%- do reads.append((staging, landed.get(raw_table))) -%}
    {%- endfor -%}
    {{ return(reads or [(sources[0][1], empty_range())]) }}
{% endmacro %}
