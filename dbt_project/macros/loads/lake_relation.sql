{# A table of the lake by its name, or none where there is no such table. #}
{% macro lake_relation(name) %}
    {{ return(adapter.get_relation(database=target.database, schema=target.schema, identifier=name)) }}
{% endmacro %}
