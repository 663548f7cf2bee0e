{# When this run began, UTC, as a literal with six fractional digits: Athena refuses other precisions in Iceberg tables,
   and each engine has a different function for the current time. #}
{% macro run_started() -%}
    timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}
