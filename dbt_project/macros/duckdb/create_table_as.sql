{# One statement and therefore one snapshot; dbt-duckdb would create, partition and insert in separate statements. #}
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
    {#- the catalog sets the real path; without a path DuckDB creates an empty folder `data` in its working directory #}
    with ('write.data.path' = '.')
    as (
        {{ compiled_code }}
    );
{% endmacro %}
