{# The table of the lake with this name, or none if there is no such table. #}
{% macro lake_relation(name) %}
    {{ return(adapter.get_relation(database=target.database, schema=target.schema, identifier=name)) }}
{% endmacro %}
