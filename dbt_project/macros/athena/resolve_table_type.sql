{# All tables are Iceberg, also those that a unit test makes for a moment: Athena's Hive tables can't hold microseconds.
   dbt-athena asks this for a model's `table_type`, which a unit test has not. #}
{% macro resolve_table_type() %}
    {{ return(config.get("table_type") or "iceberg") }}
{% endmacro %}
