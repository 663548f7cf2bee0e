{# One statement, hence one snapshot, where dbt-duckdb creates, partitions and inserts. #}
{% macro duckdb__create_table_as(
    temporary, relation, compiled_code, language="sql", partitioned_by=none, sorted_by=none
) %}
    {% if temporary or language != "sql" or not is_iceberg(relation) %}
        {{ return(dbt.duckdb__create_table_as(
            temporary, relation, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by
        )) }}
    {% endif %}
    {% if config.get("contract").enforced %}
        {{ get_assert_columns_equivalent(compiled_code) }}
        {% set compiled_code = get_select_subquery(compiled_code) %}
    {% endif %}
    {{ config.get("sql_header", "") }}
    create table {{ relation }}
    {% if partitioned_by %}partitioned by ({{ partitioned_by }}){% endif %}
    {#- the catalog sets the true path; without one DuckDB makes an empty folder `data` where it was started #}
    with ('write.data.path' = '.')
    as (
        {{ compiled_code }}
    );
{% endmacro %}
