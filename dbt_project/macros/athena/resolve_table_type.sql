{# All tables are Iceberg, even the temporary ones of a unit test, because Athena's Hive tables can't hold microseconds.
   dbt-athena calls this macro for a model's `table_type`, which a unit test doesn't have. #}
{% macro resolve_table_type() %}
    {{ return(config.get("table_type") or "iceberg") }}
{% endmacro %}
