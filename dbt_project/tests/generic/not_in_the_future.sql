{# No row's time is more than `days` days after the start of this run. #}
{% test not_in_the_future(model, column, days) %}

select {{ column }}
from {{ model }}
where {{ column }} > {{ run_started() }} + interval '{{ days }}' day

{% endtest %}
