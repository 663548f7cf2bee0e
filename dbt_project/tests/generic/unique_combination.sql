{# No two rows of the table have the same values in all `columns`. Reads the whole table. #}
{% test unique_combination(model, columns) %}
{{ config(tags=["whole_table"]) }}

select
    {{ columns | join(", ") }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(", ") }}
having count(*) > 1

{% endtest %}
