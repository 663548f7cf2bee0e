{# What pending_loads reads to count the rows of waiting loads: pairs of an entry of `sources` and its landing range. A
   raw table without waiting loads is not read. #}
{% macro waiting_reads(sources, landings) %}
    {%- set reads = [] -%}
    {%- for source in sources if source.raw_table in landings -%}
        {%- do reads.append((source, landings[source.raw_table])) -%}
    {%- endfor -%}
    {{ return(reads or [(sources[0], empty_range())]) }}
{% endmacro %}
