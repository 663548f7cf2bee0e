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
