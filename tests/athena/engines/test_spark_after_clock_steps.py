"""Spark, which is Java, opens and reads a table that was written while clocks stepped ahead and back."""

from pathlib import Path

import pytest

from lakehouse import compaction as upkeep
from lakehouse.catalogs import commit_times
from lakehouse.ledger import LEDGER
from lakehouse.local import LocalLake
from schemahub.show.client_settings import spark_conf
from tests.athena.engines.spark import ask_spark
from tests.support.landing_program import MARKETS, RAW
from tests.support.landings import land_up_to

pytestmark = pytest.mark.athena

DAY = 86_400_000
STEPS = (0, DAY, 0, -330 * DAY, 330 * DAY, -DAY, 20 * 60_000, 0, -2 * 60_000)


def test_spark_reads_what_was_landed_while_clocks_stepped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = commit_times.now_ms
    monkeypatch.setattr(upkeep, "MOST_SNAPSHOTS", 6)
    lake = LocalLake(tmp_path / "lake")
    for number, step in enumerate(STEPS, start=1):
        monkeypatch.setattr(commit_times, "now_ms", lambda step=step: right() + step)
        land_up_to(lake, number)
    asked = {name: f"select count(*) as rows from schemahub.schemahub.{name}" for name in (RAW.name, LEDGER)}
    answers = ask_spark(spark_conf(lake.location, None), asked, tmp_path / "spark")
    rows = len(STEPS) * len(MARKETS)
    assert {name: (answer.error, answer.column("rows")) for name, answer in answers.items()} == {
        name: ("", [rows]) for name in asked
    }
