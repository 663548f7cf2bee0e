-- Recorded last: a run that ends before leaves its loads pending, and the next
-- run adds what is missing.
-- depends_on: {{ ref("trades_unified") }}
-- depends_on: {{ ref("trades_1m_versions") }}
{%- set are_unified = are_selected(["trades_unified", "trades_1m_versions"]) %}
{%- if not are_unified %}
    {%- do exceptions.warn(
        "unified_loads records nothing, because trades_unified or trades_1m_versions is not part of this run"
    ) %}
{%- endif %}

with

pending as (

    select * from {{ ref("pending_loads") }}
    {% if not are_unified %}
    where 1 = 0
    {% endif %}

),

{% if is_incremental() %}
recorded as (

    select
        raw_table,
        load_id,
        1 as is_there
    from {{ this }}

),

{% endif %}
newly_unified as (

    select
        pending.raw_table,
        pending.load_id,
        {{ run_started() }} as unified_at
    from pending
    {% if is_incremental() %}
    left join recorded
        on
            pending.raw_table = recorded.raw_table
            and pending.load_id = recorded.load_id
    where recorded.is_there is null
    {% endif %}

)

select * from newly_unified
