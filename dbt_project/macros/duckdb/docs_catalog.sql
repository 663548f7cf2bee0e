{# DuckDB loads an Iceberg table's columns when the table is first used; until then duckdb_columns() lists none of
   them. #}
{% macro duckdb__get_catalog_relations(information_schema, relations) %}
    {% for relation in relations if is_iceberg(relation) %}
        {% do adapter.get_columns_in_relation(relation) %}
    {% endfor %}
    {{ return(dbt.duckdb__get_catalog_relations(information_schema, relations)) }}
{% endmacro %}
