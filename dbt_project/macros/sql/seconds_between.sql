{# Athena's date_diff doesn't support microseconds: https://trino.io/docs/current/functions/datetime.html #}
{% macro seconds_between(earlier, later) %}
    {{- return(adapter.dispatch("seconds_between", "schemahub")(earlier, later)) -}}
{% endmacro %}

{% macro duckdb__seconds_between(earlier, later) -%}
    (epoch_us({{ later }}) - epoch_us({{ earlier }})) / cast(1000000 as double)
{%- endmacro %}

{% macro athena__seconds_between(earlier, later) -%}
    round(to_unixtime({{ later }}) - to_unixtime({{ earlier }}), 6)
{%- endmacro %}
