{# The profile marks the attached Iceberg catalog as DuckLake, which is what dbt-duckdb can ask about. #}
{% macro is_iceberg(relation) %}
    {{ return(adapter.is_ducklake(relation)) }}
{% endmacro %}
