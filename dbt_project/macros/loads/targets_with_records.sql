{# The names in `targets` whose recorded loads need not be unified again, because the table exists and this run doesn't
   rebuild it. #}
{% macro targets_with_records(targets) %}
    {%- set counted = [] -%}
    {%- for target in targets if lake_relation(target) is not none -%}
        {%- if not (flags.FULL_REFRESH and are_selected([target])) -%}
            {%- do counted.append(target) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(counted) }}
{% endmacro %}
