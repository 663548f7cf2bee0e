{# A number of microseconds since 1970 as a timestamp, UTC. #}
{% macro time_of_us(microseconds) %}
    {{- return(adapter.dispatch("time_of_us", "schemahub")(microseconds)) -}}
{% endmacro %}

{% macro duckdb__time_of_us(microseconds) -%}
    make_timestamp({{ microseconds }})
{%- endmacro %}

{% macro athena__time_of_us(microseconds) -%}
    cast(from_unixtime_nanos({{ microseconds }} * 1000) at time zone 'UTC' as timestamp(6))
{%- endmacro %}
