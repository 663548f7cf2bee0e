from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

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


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def catalog(lake: Path) -> SqlCatalog:
    """The catalog as the loaders open it, knowing nothing of ours."""
    lake.mkdir(exist_ok=True)
    opened = SqlCatalog("schemahub", uri=f"sqlite:///{lake}/catalog.db", warehouse=f"file://{lake}")
    opened.create_namespace_if_not_exists("schemahub")
    return opened


@pytest.fixture
def raw_trades(catalog: SqlCatalog) -> Table:
    """A raw table as a loader makes it, with 48 trades over two days."""
    table = catalog.create_table("schemahub.raw_trades", schema=trades(0, 0).schema)
    table.append(trades(0, 48))
    return table


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dbt project; parsed once, as dbt keeps what it has parsed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "models").mkdir()
    for name, text in PROJECT.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(autouse=True)
def beside_the_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the test's own folder, as DuckDB's CREATE TABLE leaves an empty `data` in the current directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def dbt(project: Path, lake: Path, raw_trades: Table, monkeypatch: pytest.MonkeyPatch) -> Dbt:
    monkeypatch.delenv("SCHEMAHUB_LAKE", raising=False)  # the profile's default is `lake` in the current directory
    return Dbt(project, lake)


def trades(first: int, last: int) -> pa.Table:
    """One trade an hour from 2026-01-01 on, numbered from `first` to before `last`."""
    start = datetime(2026, 1, 1, microsecond=123456)
    return pa.table(
        {
            "id": pa.array(range(first, last), pa.int64()),
            "trade_ts": pa.array([start + timedelta(hours=hour) for hour in range(first, last)], pa.timestamp("us")),
            "price": pa.array([float(number) for number in range(first, last)], pa.float64()),
        }
    )
