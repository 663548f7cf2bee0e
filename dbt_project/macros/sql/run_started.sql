{# When this run began, UTC, as a literal with six digits: Athena refuses timestamps of other precisions in Iceberg
   tables, and both engines tell their own clock differently. #}
{% macro run_started() -%}
    timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}'
{%- endmacro %}
