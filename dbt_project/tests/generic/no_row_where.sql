{# `condition`, given as SQL, is true for no row. #}
{% test no_row_where(model, column_name, condition) %}

select {{ column_name }}
from {{ model }}
where {{ condition }}

{% endtest %}
