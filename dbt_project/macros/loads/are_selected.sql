{# Whether this invocation of dbt builds all of `models`; always true for commands that build nothing. #}
{% macro are_selected(models) %}
    {%- if execute and flags.WHICH in ["run", "build", "retry"] -%}
        {%- for model in models if "model." ~ project_name ~ "." ~ model not in selected_resources -%}
            {{ return(false) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(true) }}
{% endmacro %}
