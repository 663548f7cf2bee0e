{# The number of rows in a table's data files, according to its manifests; no data file is opened. #}
{% macro manifest_rows(relation) %}
    {{- return(adapter.dispatch("manifest_rows", "schemahub")(relation)) -}}
{% endmacro %}

{% macro duckdb__manifest_rows(relation) -%}
    select cast(coalesce(sum(record_count), 0) as bigint) as row_count
        from iceberg_metadata({{ relation }})
        where manifest_content = 'DATA' and status <> 'DELETED'
{%- endmacro %}

{# https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html #}
{% macro athena__manifest_rows(relation) -%}
    select cast(coalesce(sum(record_count), 0) as bigint) as row_count
        from "{{ relation.schema }}"."{{ relation.identifier }}$files"
        where content = 0
{%- endmacro %}
