{% materialization table, adapter="duckdb", supported_languages=["sql", "python"] %}
    {% if is_iceberg(this) %}
        {{ return(build_iceberg_table()) }}
    {% endif %}
    {{ return(dbt.materialization_table_duckdb()) }}
{% endmaterialization %}
