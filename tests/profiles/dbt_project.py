"""A throwaway dbt project with the macros of ours, and a way to run dbt on it in this process."""

from dataclasses import dataclass
from pathlib import Path

from dbt.cli.main import dbtRunner, dbtRunnerResult

from profiles.local_iceberg import release_views

ROOT = Path(__file__).parents[2]

PROJECT = {
    "dbt_project.yml": f"""
name: throwaway
version: "1.0"
profile: schemahub
model-paths: [models]
macro-paths: ["{ROOT}/dbt_project/macros/duckdb", "{ROOT}/dbt_project/macros/refresh"]
flags:
  send_anonymous_usage_stats: false
""",
    "models/sources.yml": """
sources:
  - name: raw
    database: schemahub
    schema: schemahub
    tables:
      - name: raw_trades
""",
    "models/trades.sql": """
{{ config(
    materialized="incremental",
    incremental_strategy="append",
    on_schema_change="append_new_columns",
    partitioned_by=["day(trade_ts)"]
) }}
select *
from {{ source("raw", "raw_trades") }}
{% if is_incremental() %}
where id > (select coalesce(max(id), -1) from {{ this }})
{% endif %}
""",
    "models/daily.sql": """
{{ config(
    materialized="incremental",
    incremental_strategy="delete+insert",
    unique_key="trade_day",
    incremental_predicates=["trade_day >= timestamp '2026-01-02' and trade_day < timestamp '2026-01-04'"],
    partitioned_by=["day(trade_day)"]
) }}
select date_trunc('day', trade_ts)::timestamp as trade_day, count(*) as trades
from {{ ref("trades") }}
{% if is_incremental() %}
where trade_ts >= timestamp '2026-01-02' and trade_ts < timestamp '2026-01-04'
{% endif %}
group by all
""",
    "models/hourly.sql": """
{{ config(
    materialized="incremental",
    incremental_strategy="append",
    partitioned_by=["day(trade_hour)"],
    pre_hook="{% if is_incremental() %} delete from {{ this }} where trade_hour >= timestamp '2026-01-02' {% endif %}"
) }}
select date_trunc('hour', trade_ts)::timestamp as trade_hour, count(*) as trades
from {{ ref("trades") }}
{% if is_incremental() %}
where trade_ts >= timestamp '2026-01-02'
{% endif %}
group by all
""",
    "models/totals.sql": """
{{ config(materialized="table") }}
select
    if(count(*) = 49, error('forty-nine trades are an error'), count(*))::bigint as trades,
    sum(price) as volume
from {{ ref("trades") }}
""",
    "models/enriched.sql": """
{{ config(materialized="view", database="views") }}
select *, price * 2 as double_price from {{ ref("trades") }}
""",
    "models/plain.sql": """
{{ config(materialized="table", database="views") }}
select count(*) as trades from {{ ref("enriched") }}
""",
}


@dataclass
class Dbt:
    """One dbt project on one lake."""

    project: Path
    lake: Path

    def __call__(self, *arguments: str) -> dbtRunnerResult:
        result = self.attempt(*arguments)
        assert result.success, result.exception or [node.message for node in result.result]
        return result

    def attempt(self, *arguments: str) -> dbtRunnerResult:
        where = [
            "--project-dir",
            str(self.project),
            "--profiles-dir",
            str(ROOT / "profiles"),
            "--quiet",
            "--log-level-file",
            "none",
        ]
        result = dbtRunner().invoke([*arguments, *where])
        release_views()
        return result
