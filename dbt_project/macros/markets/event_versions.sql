{# The stored tables of events, if all of them are there and stay; else none, because every hour is computed then. Their
   models read `event_hours`, which can't refer to them for that reason. #}
{% macro event_versions() %}
    {%- set names = ["volatility_moves_versions", "lead_lag_sums_versions"] -%}
    {%- set stored = [] -%}
    {%- if execute and not should_full_refresh() -%}
        {%- for name in names if lake_relation(name) -%}
            {%- do stored.append(lake_relation(name)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(stored if stored | length == names | length else []) }}
{% endmacro %}
