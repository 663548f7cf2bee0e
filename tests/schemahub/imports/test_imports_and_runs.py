"""Imports from the command line, beside other loaders, and what the models make of them."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemahub.runs.context import RunContext
from schemahub.show.imports import MOST_LINES
from simulator.exchanges import RunningSimulator
from tests.support.command_line import Cli, error_line, iceberg_table, landed_ids, leftovers
from tests.support.imported import (
    DAILY,
    DAYS,
    HISTORY,
    MONTHLY,
    Fetch,
    held,
    ids,
    kraken_trades,
    second_of,
    take,
)

pytestmark = [pytest.mark.long, pytest.mark.slow]

SYMBOLS = ("--symbols", "BTC-USDT,BTC-USD", "--since", "2024-12-31")


@pytest.fixture
def typed(cli: Cli, market: RunningSimulator) -> Cli:
    """The command line beside the market of two days."""
    return replace(cli, environment={**cli.environment, **market.environment})


@pytest.mark.parametrize("exchange", ["binance", "kraken"])
def test_an_import_beside_a_run_of_ingest_lands_each_trade_once(
    context: RunContext,
    fetch: Fetch,
    typed: Cli,
    market: RunningSimulator,
    of_rest: Counter[Any],
    small: None,
    exchange: str,
) -> None:
    lake = Path(context.settings.lake)
    files = [fetch(DAILY.format(day)) for day in DAYS] if exchange == "binance" else [fetch(HISTORY)]
    context.lake.catalog.list_namespaces()  # which creates it
    market.set_faults("slow=0.1:1/2", "short=100:1/1")
    with typed.start("run", "ingest", exchange, *SYMBOLS, lake=lake) as run:
        outcomes = [outcome for file in files for outcome in take(context, file)]
        _, said = run.communicate()
    market.clear_faults()
    assert [outcome.error for outcome in outcomes] == [None] * len(files)
    assert (run.returncode, said) == (0, "")
    if exchange == "binance":
        assert held(context) == Counter(ids(market))
        take(context, files[0].parent, again=True)
        assert held(context) == Counter(ids(market))
    else:
        assert Counter(map(second_of, kraken_trades(context))) == of_rest
    assert leftovers(lake) == []


def unified(lake: Path) -> list[dict[str, Any]]:
    names = ("exchange", "symbol", "trade_id", "side", "price", "quantity", "trade_ts")
    rows: list[dict[str, Any]]
    rows = iceberg_table(lake, "trades_unified").scan(selected_fields=names).to_arrow().select(names).to_pylist()
    for row in rows:
        if row["exchange"] == "BINANCE" and row["trade_ts"].year < 2025:  # whose archives have milliseconds
            row["trade_ts"] = row["trade_ts"].replace(microsecond=row["trade_ts"].microsecond // 1000 * 1000)
    return rows


def test_the_models_make_the_same_of_files_as_of_rest(
    context: RunContext, fetch: Fetch, typed: Cli, lines: Path, tmp_path: Path
) -> None:
    fetch(MONTHLY.format("2024-12"))
    folder = fetch(MONTHLY.format("2025-01")).parent
    lines.rename(folder / lines.name)
    fetch(HISTORY)
    lakes = {"file": Path(context.settings.lake), "rest": tmp_path / "rest"}
    assert typed("import", str(folder), lake=lakes["file"]).returncode == 0
    assert typed("run", "ingest", *SYMBOLS, lake=lakes["rest"]).returncode == 0
    found: dict[str, Counter[Any]] = {}
    for name, lake in lakes.items():
        done = typed("run", "unify", "trades_unified", lake=lake)
        assert (done.returncode, done.stderr) == (0, "")
        assert "0 rejected" in done.stdout
        rows = [row for row in unified(lake) if (row["exchange"], row["symbol"]) in WITH_IDS]
        found[name] = Counter(tuple(sorted(row.items())) for row in rows)
        of_kraken = [row for row in unified(lake) if (row["exchange"], row["symbol"]) == ("KRAKEN", "XBTUSD")]
        found[name] += Counter(
            (row["price"], row["quantity"], row["trade_ts"].replace(microsecond=0)) for row in of_kraken
        )
    assert found["file"] == found["rest"]
    assert found["file"].total() > 2_000
    assert {row["side"] for row in unified(lakes["file"]) if row["exchange"] == "KRAKEN"} == {"UNKNOWN"}


WITH_IDS = {("BINANCE", "BTCUSDT"), ("COINBASE", "BTC-USD")}


def test_a_line_for_each_file_and_a_total_are_printed_and_errors_fail_at_the_end(
    fetch: Fetch, typed: Cli, tmp_path: Path
) -> None:
    folder = fetch(DAILY.format(DAYS[0]), oddities=("wrong_checksum",)).parent
    fetch(DAILY.format(DAYS[1]), oddities=("hole=22",))
    for number in range(MOST_LINES + 2):
        (folder / f"notes-{number:02}.txt").write_text("hello")
    (folder / "NONESUCH-trades-2025-01-01.csv").write_text("95,1.5,2,3,1767571200016514,True,True\nodd")
    done = typed("import", str(folder), lake=tmp_path / "lake")
    assert re.fullmatch(
        r"\S+BTCUSDT-trades-2024-12-31.zip: its SHA-256 is \w+, expected \w+; fetch it again", error_line(done)
    )
    lines = done.stdout.splitlines()
    assert lines[:5] == [
        "  BTCUSDT-trades-2024-12-31.zip: ✗ not taken over",
        "  BTCUSDT-trades-2025-01-01.zip: ✓ 1,222 trades of binance BTCUSDT landed",
        "  NONESUCH-trades-2025-01-01.csv: ✓ 1 trades of binance NONESUCH landed; skipped 1 not a trade: other columns",
        "    NONESUCH-trades-2025-01-01.csv:2: not a trade: other columns: 'odd'",
        "  notes-00.txt: - it has none of the formats that can be read",
    ]
    assert lines[4 + MOST_LINES :] == [
        "  2 more: - it has none of the formats that can be read",
        "  warning: config/products/binance.yaml lacks NONESUCH, so their trades have no canonical symbol; run "
        "`schemahub update-products binance`",
        "total: 2 files taken over, 1,223 trades landed, 0 known already",
    ]
    again = typed("import", str(folder), "--again", lake=tmp_path / "lake")
    assert "  BTCUSDT-trades-2025-01-01.zip: ✓ nothing new of binance BTCUSDT; 1,222 known already" in again.stdout
    assert landed_ids(tmp_path / "lake", "kraken") == Counter()


def test_a_single_file_of_no_known_format_is_one_line(typed: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert "has none of the formats that can be read" in error_line(
        typed("import", str(tmp_path / "notes.txt"), lake=tmp_path / "lake")
    )
    assert "there is no such file or folder" in error_line(typed("import", "nothing", lake=tmp_path / "lake"))
