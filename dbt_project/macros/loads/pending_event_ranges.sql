{# The stretches of event time that the target's pending loads touch, as literal ranges of full minutes. Each range is
   at least a minute wider at both ends, because two channels may report the time of the same row with different
   precision. #}
{% macro pending_event_ranges(target) %}
    {%- set times = pending_times(target) -%}
    {{ return(merged_ranges(times) if is_incremental() else [none]) }}
{% endmacro %}
