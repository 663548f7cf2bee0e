"""For tests of the plan: a lake of one day whose tables can be made fifty times as large without fifty runs."""

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.text import Text

from advisor.plan import Plan
from schemahub.runs import cost
from schemahub.show.plan import plan_report
from tests.support.lake_under_test import LakeUnderTest, binance, coinbase, kraken

DAYS = 50
GIVEN_IDS = {"id", "trade_id", "load_id", "_dlt_load_id"}
WITH_TRADES = ("raw_binance_trades", "raw_coinbase_trades", "raw_kraken_trades", "trades_unified", "trades_1m_versions")


def land_first(lake: LakeUnderTest) -> None:
    """Land one load for each exchange, all of 2026-01-05."""
    lake.land("raw_binance_trades", binance(*range(500)), load="b1", at="2026-01-05 12:00:00")
    lake.land("raw_coinbase_trades", coinbase(*range(500)), load="c1", at="2026-01-05 12:00:01")
    lake.land("raw_kraken_trades", kraken(*range(500)), load="k1", at="2026-01-05 12:00:02")


def planned(lake: LakeUnderTest, **options: Any) -> Plan:
    return cost.planned(lake.lake, lake.registry, **options)


def grow(lake: LakeUnderTest) -> None:
    """Add the same rows for each of the following days, as the loaders and dbt would, but in few commits."""
    for name in (*WITH_TRADES, "schemahub_loads", "unified_loads"):
        table = lake.table(name)
        rows = table.scan().to_arrow()
        table.append(pa.concat_tables([_days_later(rows, days) for days in range(1, DAYS)]).cast(rows.schema))


def _days_later(rows: pa.Table, days: int) -> pa.Table:
    later = timedelta(days=days)
    for number, field in enumerate(rows.schema):
        if pa.types.is_timestamp(field.type):
            rows = rows.set_column(number, field, pc.add(rows[field.name], pa.scalar(later)))
        elif field.name in GIVEN_IDS:
            ids = pa.array([f"{each}+{days}" for each in rows[field.name].to_pylist()], field.type)
            rows = rows.set_column(number, field, ids)
    return rows


def land_again_and_new(lake: LakeUnderTest) -> None:
    """Land trades of the first day, one of them known, long after that day."""
    lake.land("raw_binance_trades", binance(499, 500, 501), load="z", at="2026-04-01 00:00:00")


def data_files(lake: LakeUnderTest, name: str) -> dict[str, str]:
    """The day of each data file of a table, by its address."""
    tasks = lake.table(name).scan().plan_files()
    return {task.file.file_path: str(date(1970, 1, 1) + timedelta(days=task.file.partition[0])) for task in tasks}


def land_days(lake: LakeUnderTest, days: int, *, load: str) -> None:
    trades = [trade for day in range(days) for trade in kraken(day, time=str(datetime(2026, 2, 1) + timedelta(day)))]
    lake.land("raw_kraken_trades", trades, load=load, at="2026-09-01 00:00:00")


def shown(plan: Plan, lake: LakeUnderTest) -> str:
    console = Console(width=80)
    with console.capture() as captured:
        for part in plan_report(plan, lake.lake.location, engine=lake.lake.engine):
            console.print(part, soft_wrap=isinstance(part, Text))
    return captured.get()
