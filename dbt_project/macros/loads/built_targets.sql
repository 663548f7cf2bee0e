{# The entries of `targets` that this run builds together with all their stored marts. If a run builds only some of
   these models, nothing is recorded for the target, and a warning says so. #}
{% macro built_targets(targets) %}
    {%- set built = [] -%}
    {%- for target in targets -%}
        {%- if are_selected(target.models) -%}
            {%- do built.append(target) -%}
        {%- elif are_selected(target.models[:1]) -%}
            {%- do exceptions.warn(
                "unified_loads records nothing for " ~ target.name ~ ", because not all of "
                ~ target.models | join(", ") ~ " are part of this run"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(built) }}
{% endmacro %}
