"""Files of trades are landed once, whatever is odd in them and whatever was landed before."""

import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from lakehouse.coverage import Coverage
from lakehouse.errors import Misconfigured
from lakehouse.ledger import loads
from loaders.landing import known_files
from schemahub.runs.context import RunContext
from schemahub.runs.import_files import Wanted, import_files
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table
from tests.support.imported import (
    BINANCE,
    COINBASE,
    DAILY,
    DAYS,
    MONTHLY,
    Fetch,
    held,
    ids,
    ingest,
    spans,
    take,
    take_one,
)


def test_days_and_their_month_are_landed_once(context: RunContext, fetch: Fetch, market: RunningSimulator) -> None:
    days = [fetch(DAILY.format(day)) for day in DAYS]
    outcomes = take(context, days[0].parent)
    assert [outcome.taken and (outcome.taken.row_count, outcome.taken.known) for outcome in outcomes] == [
        (556, 0),
        (1_244, 0),
    ]
    every = ids(market)
    assert held(context) == Counter(every)
    assert spans(context, BINANCE, "BTCUSDT") == [(every.start, every.stop, "ids")]
    rows = loads(context.lake)
    assert [(row.stream, row.channel, row.file, row.row_count) for row in rows] == [
        ("BTCUSDT", "file", days[0].name, 556),
        ("BTCUSDT", "file", days[1].name, 1_244),
    ]
    months = [take_one(context, fetch(MONTHLY.format(month), "months")) for month in ("2024-12", "2025-01")]
    assert [(month.row_count, month.known, month.different) for month in months] == [(0, 556, 0), (0, 1_244, 0)]
    assert held(context) == Counter(every)


def test_a_file_is_taken_over_once_unless_again(context: RunContext, fetch: Fetch) -> None:
    day = fetch(DAILY.format(DAYS[0]))
    take_one(context, day)
    (again,) = take(context, day)
    assert again.left_out == "it was taken over before; --again reads it again"
    copied = day.rename(day.with_name("another name.zip"))
    assert take(context, copied)[0].left_out == again.left_out
    assert take_one(context, copied, again=True, product="BTCUSDT").known == 556


def test_a_file_may_lie_in_a_folder_whose_name_is_not_text(context: RunContext, fetch: Fetch) -> None:
    day = fetch(DAILY.format(DAYS[0]))
    folder = day.parent.rename(day.parent.with_name(os.fsdecode(b"caf\xe9")))
    assert take_one(context, folder / day.name).row_count == 556
    (source,) = iceberg_table(Path(context.settings.lake), BINANCE).scan().to_arrow()["_source"].unique().to_pylist()
    assert source.endswith(f"/caf\N{REPLACEMENT CHARACTER}/{day.name}")


def test_a_file_of_which_everything_was_known_is_not_read_again_as_long_as_it_is_held(
    context: RunContext, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in ("2024-12", "2025-01"):
        take_one(context, fetch(MONTHLY.format(month)))
    day = fetch(DAILY.format(DAYS[0]), "days")
    before = len(loads(context.lake))
    assert take_one(context, day).known == 556
    assert take(context, day)[0].left_out == "it was taken over before; --again reads it again"
    assert take_one(context, day, again=True).known == 556
    assert len(loads(context.lake)) == before
    with monkeypatch.context() as without:
        without.setattr(known_files, "read_coverage", lambda *_: Coverage({}))
        assert take_one(context, day).known == 556
    (noted,) = (Path(context.settings.lake) / "coverage" / f"{BINANCE}-files").iterdir()
    noted.write_text("damaged")
    assert take_one(context, day).known == 556


def test_trades_that_rest_has_landed_are_known(context: RunContext, fetch: Fetch, market: RunningSimulator) -> None:
    ingest(context, "binance", "BTCUSDT")
    taken = take_one(context, fetch(DAILY.format(DAYS[1])))
    assert (taken.row_count, taken.known, taken.different) == (0, 1_244, 0)
    assert held(context) == Counter(ids(market))


def test_rest_continues_after_a_file_and_fills_nothing_twice(
    context: RunContext, fetch: Fetch, market: RunningSimulator
) -> None:
    take_one(context, fetch(DAILY.format(DAYS[0])))
    ingest(context, "binance", "BTCUSDT")
    every = ids(market)
    assert held(context) == Counter(every)
    assert spans(context, BINANCE, "BTCUSDT") == [(every.start, every.stop, "ids")]


@pytest.mark.parametrize("oddity", ["header", "shuffled"])
def test_odd_files_are_landed_as_others(
    context: RunContext, fetch: Fetch, market: RunningSimulator, oddity: str
) -> None:
    taken = take_one(context, fetch(DAILY.format(DAYS[0]), oddities=(oddity,)))
    assert (taken.row_count, taken.skipped) == (556, Counter())
    assert held(context) == Counter(ids(market)[:556])


def test_a_hole_is_not_claimed_and_a_file_issued_again_fills_it(
    context: RunContext, fetch: Fetch, market: RunningSimulator
) -> None:
    taken = take_one(context, fetch(DAILY.format(DAYS[0]), oddities=("hole=25",)))
    assert taken.row_count == 531
    first, second = spans(context, BINANCE, "BTCUSDT")
    assert second[0] - first[1] == 25
    again = take_one(context, fetch(DAILY.format(DAYS[0])))
    assert (again.row_count, again.known, again.different) == (25, 531, 0)
    assert held(context) == Counter(ids(market)[:556])
    assert len({row.checksum for row in loads(context.lake)}) == 2


def test_a_file_that_lacks_its_end_claims_nothing_of_it(context: RunContext, fetch: Fetch) -> None:
    taken = take_one(context, fetch(DAILY.format(DAYS[0]), oddities=("truncated=22:00",)))
    assert 0 < taken.row_count < 556
    again = take_one(context, fetch(DAILY.format(DAYS[0])))
    assert (again.row_count, again.known) == (556 - taken.row_count, taken.row_count)


def test_a_file_issued_again_with_other_values_is_reported_and_changes_nothing(
    context: RunContext, tmp_path: Path
) -> None:
    path = tmp_path / "BTCUSDT-trades-2026-01-05.csv"
    rows = [f"{number},100.5,2,201,{1_767_571_200_016_514 + number},True,True" for number in range(95, 105)]
    path.write_text("\n".join(rows))
    take_one(context, path)
    rows[3] = rows[3].replace("100.5", "100.6")
    rows[4] = rows[4].replace("True,True", "False,True")
    rows[5] = f"{rows[5][:-26]}{1_767_571_200_016},True,True"  # the same time in milliseconds
    path.write_text("\n".join([*rows, "105,100.5,2,201,1767571200016619,True,True", "nonsense"]))
    taken = take_one(context, path)
    assert (taken.row_count, taken.known, taken.different) == (1, 10, 2)
    assert taken.skipped == Counter({"not a trade: other columns": 1})
    prices = iceberg_table(Path(context.settings.lake), BINANCE).scan().to_arrow()["price"].to_pylist()
    assert prices == [100.5] * 11


def test_a_wrong_checksum_lands_nothing_of_its_file_and_stops_no_other(context: RunContext, fetch: Fetch) -> None:
    wrong = fetch(DAILY.format(DAYS[0]), oddities=("wrong_checksum@12-31",))
    fetch(DAILY.format(DAYS[1]))
    bad, good = take(context, wrong.parent)
    assert "its SHA-256 is" in str(bad.error)
    assert good.taken is not None
    assert good.taken.row_count == 1_244
    assert held(context).total() == 1_244


def test_a_checksum_file_with_another_name_can_be_given(context: RunContext, fetch: Fetch, tmp_path: Path) -> None:
    day = fetch(DAILY.format(DAYS[0]))
    other = tmp_path / "sums.txt"
    other.write_text("0" * 64)
    (outcome,) = take(context, day, checksum=other)
    assert "its SHA-256 is" in str(outcome.error)
    with pytest.raises(Misconfigured, match="--checksum is of one file"):
        take(context, fetch(DAILY.format(DAYS[1])).parent, checksum=other)


def test_json_lines_become_the_rows_of_rest_in_several_loads(
    context: RunContext, lines: Path, market: RunningSimulator, tmp_path: Path, small: None
) -> None:
    every = ids(market, "coinbase", "BTC-USD")
    taken = take_one(context, lines)
    assert taken.row_count == len(every)
    assert held(context, "coinbase") == Counter(every)
    names = ["trade_id", "product_id", "price", "size", "side", "time", "_raw_payload"]
    here, first = (
        iceberg_table(tmp_path / lake, COINBASE).scan(selected_fields=tuple(names)).to_arrow().select(names)
        for lake in ("lake", "first")
    )
    assert here.sort_by("trade_id").equals(first.sort_by("trade_id"))
    rows = loads(context.lake)
    assert len(rows) > 2
    assert {row.file for row in rows} == {lines.name}
    assert [row.checksum is None for row in rows] == [True] * (len(rows) - 1) + [False]
    assert take(context, lines)[0].left_out


def test_nothing_of_a_file_with_a_damaged_end_is_landed(
    context: RunContext, lines: Path, small: None, market: RunningSimulator
) -> None:
    whole = lines.read_bytes()
    text = "".join(f"{line}\n" for line in reversed(gzip.decompress(whole).decode().splitlines()))  # by rising id
    lines.write_bytes(gzip.compress(text.encode())[:-9])
    (outcome,) = take(context, lines)
    assert "is the file complete?" in str(outcome.error)
    assert held(context, "coinbase") == Counter()
    lines.write_bytes(whole)
    assert take_one(context, lines).row_count == len(ids(market, "coinbase", "BTC-USD"))


def test_a_file_whose_import_ended_early_is_completed(
    context: RunContext, fetch: Fetch, market: RunningSimulator, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = fetch(DAILY.format(DAYS[1]))
    read = 0

    def broken(name: str, rows: int) -> None:
        nonlocal read
        read += rows
        if read > 700:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(import_files(context, Wanted(str(day)), on_rows=broken))
    landed = held(context).total()
    assert 0 < landed < 1_244
    taken = take_one(context, day)
    assert (taken.row_count, taken.known, taken.different) == (1_244 - landed, landed, 0)
    assert held(context) == Counter(ids(market)[556:])
