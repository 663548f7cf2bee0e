{# A join with one row for each day from one timestamp to a later one, both inclusive, in the column `day` of `days`.
   The column is a date on Athena and a timestamp on DuckDB. #}
{% macro days_between(first, last) %}
    {{- return(adapter.dispatch("days_between", "schemahub")(first, last)) -}}
{% endmacro %}

{% macro duckdb__days_between(first, last) -%}
    cross join unnest(
        generate_series(cast({{ first }} as date), cast({{ last }} as date), interval '1' day)
    ) as days (day)
{%- endmacro %}

{% macro athena__days_between(first, last) -%}
    cross join unnest(
        sequence(cast({{ first }} as date), cast({{ last }} as date), interval '1' day)
    ) as days (day)
{%- endmacro %}
