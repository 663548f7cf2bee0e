{# When the rows of the target's complete pending loads landed; see `landing_ranges`. #}
{% macro pending_landing_ranges(target) %}
    {{ return(landing_ranges(
        "select raw_table, ingest_ts from " ~ ref("pending_loads")
        ~ " where target = '" ~ target ~ "' and is_complete = 1"
    )) }}
{% endmacro %}
