{# A timestamp as a number of microseconds since 1970. #}
{% macro us_of_time(timestamp) %}
    {{- return(adapter.dispatch("us_of_time", "schemahub")(timestamp)) -}}
{% endmacro %}

{% macro duckdb__us_of_time(timestamp) -%}
    epoch_us({{ timestamp }})
{%- endmacro %}

{# A double holds the microseconds of every year before 2255 exactly. #}
{% macro athena__us_of_time(timestamp) -%}
    cast(round(to_unixtime({{ timestamp }}) * 1000000) as bigint)
{%- endmacro %}
