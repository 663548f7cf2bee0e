{# The range of no time at all, for a statement that has nothing to read: the engine skips every file by it. #}
{% macro empty_range() %}
    {{ return({"start": "1970-01-01 00:00:00.000000", "end": "1970-01-01 00:00:00.000000"}) }}
{% endmacro %}
