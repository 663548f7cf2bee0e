{# No row holds what `condition` says, which is SQL. #}
{% test no_row_where(model, column_name, condition) %}

select {{ column_name }}
from {{ model }}
where {{ condition }}

{% endtest %}
