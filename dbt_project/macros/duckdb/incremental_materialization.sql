{# Increments are dbt-duckdb's own: one transaction, one commit. Only building the table from scratch differs. #}
{% materialization incremental, adapter="duckdb", supported_languages=["sql", "python"] %}
    {% if is_iceberg(this) and (load_cached_relation(this) is none or should_full_refresh()) %}
        {{ return(build_iceberg_table()) }}
    {% endif %}
    {{ return(dbt.materialization_incremental_duckdb()) }}
{% endmaterialization %}
