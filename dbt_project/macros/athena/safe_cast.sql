{# How the rows of a unit test get their types. Glue calls a view's timestamps `timestamp`, and for Athena that is one
   with milliseconds, which an Iceberg table doesn't take. #}
{% macro athena__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ "timestamp(6)" if type == "timestamp" else type }})
{%- endmacro %}
