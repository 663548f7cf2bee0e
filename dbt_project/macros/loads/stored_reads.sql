{# The entries of `targets` that this run builds with all their stored marts; of those that it builds in part nothing is
   recorded, and a warning says so. #}
{% macro built_targets(targets) %}
    {%- set built = [] -%}
    {%- for target in targets -%}
        {%- if are_selected(target.models) -%}
            {%- do built.append(target) -%}
        {%- elif are_selected(target.models[:1]) -%}
            {%- do exceptions.warn(
                "unified_loads records nothing of " ~ target.name ~ ", because not all of "
                ~ target.models | join(", ") ~ " are part of this run"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(built) }}
{% endmacro %}

{# What to read of `targets` to count the rows of pending loads in them: pairs of target and range of event time. #}
{% macro stored_reads(targets) %}
    {%- set reads = [] -%}
    {%- for target in targets if target.landing_column -%}
        {%- for touched in merged_ranges(pending_times(target.name), at_most=8) -%}
            {%- do reads.append((target, touched)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(reads) }}
{% endmacro %}
