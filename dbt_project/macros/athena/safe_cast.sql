{# Casts the values in the rows of a unit test. Glue gives a view's timestamps the type `timestamp`. For Athena this type
   has milliseconds, which an Iceberg table doesn't accept. #}
{% macro athena__safe_cast(field, type) -%}
    try_cast({{ field }} as {{ "timestamp(6)" if type == "timestamp" else type }})
{%- endmacro %}
