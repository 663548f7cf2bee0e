{# When the rows landed of the target's pending loads that were found whole: see `landing_ranges`. #}
{% macro pending_landing_ranges(target) %}
    {{ return(landing_ranges(
        "select raw_table, ingest_ts from " ~ ref("pending_loads")
        ~ " where target = '" ~ target ~ "' and is_complete = 1"
    )) }}
{% endmacro %}
