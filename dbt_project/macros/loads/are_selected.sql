{# Whether this invocation builds all of `models` too; always true where nothing is built. #}
{% macro are_selected(models) %}
    {%- if execute and flags.WHICH in ["run", "build", "retry"] -%}
        {%- for model in models if "model." ~ project_name ~ "." ~ model not in selected_resources -%}
            {{ return(false) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(true) }}
{% endmacro %}
