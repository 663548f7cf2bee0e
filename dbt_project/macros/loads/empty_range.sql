{# A range that contains no time, for a statement that has nothing to read: with it the engine skips every file. #}
{% macro empty_range() %}
    {{ return({"start": "1970-01-01 00:00:00.000000", "end": "1970-01-01 00:00:00.000000"}) }}
{% endmacro %}
