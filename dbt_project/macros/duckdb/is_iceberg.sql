{# The profile marks the attached Iceberg catalog as DuckLake, because dbt-duckdb can check for nothing else. #}
{% macro is_iceberg(relation) %}
    {{ return(adapter.is_ducklake(relation)) }}
{% endmacro %}
