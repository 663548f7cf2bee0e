{# DuckDB has no COMMENT ON for Iceberg tables. `dbt docs` shows the descriptions nevertheless. #}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {% if not is_iceberg(relation) %}
        {{ return(dbt.default__persist_docs(relation, model, for_relation, for_columns)) }}
    {% endif %}
{% endmacro %}
