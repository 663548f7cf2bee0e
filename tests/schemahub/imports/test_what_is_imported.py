"""Which files of a folder or a bucket are taken over."""

import json
from collections import Counter
from pathlib import Path

import boto3
import pytest

from lakehouse.errors import Misconfigured
from schemahub.runs.context import RunContext
from schemahub.runs.files_given import CHECKSUM
from schemahub.simulated_lake import MARK
from simulator.aws.local_aws import LocalAws
from simulator.exchanges import RunningSimulator
from tests.support.command_line import iceberg_table
from tests.support.imported import (
    BINANCE,
    DAILY,
    DAYS,
    HISTORY,
    Fetch,
    held,
    ids,
    take,
    take_one,
)


def test_a_folder_is_walked_without_hidden_files_and_links_out_of_it(
    context: RunContext, fetch: Fetch, tmp_path: Path
) -> None:
    day = fetch(DAILY.format(DAYS[0]), "files")
    other = fetch(DAILY.format(DAYS[1]), "elsewhere")
    (deep := day.parent / "deep" / "er").mkdir(parents=True)
    moved = day.rename(deep / day.name)
    (day.parent / ".hidden").mkdir()
    (day.parent / ".hidden" / "x.zip").write_bytes(moved.read_bytes())
    (day.parent / "linked.zip").symlink_to(other)
    (day.parent / "loop").symlink_to(day.parent)
    (day.parent / "notes.txt").write_text("hello")
    outcomes = {outcome.name: outcome for outcome in take(context, day.parent)}
    assert {name: outcome.left_out for name, outcome in outcomes.items()} == {
        "linked.zip": "it is a link that leads out of the folder, or to another one",
        "loop": "it is a link that leads out of the folder, or to another one",
        f"deep/er/{day.name}": None,
        "notes.txt": "it has none of the formats that can be read",
    }
    assert held(context).total() == 556


def test_what_can_not_be_taken_over_is_an_error(context: RunContext, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="there is no such file or folder"):
        take(context, tmp_path / "nothing")
    (empty := tmp_path / "empty").mkdir()
    with pytest.raises(Misconfigured, match="has no files"):
        take(context, empty)
    (empty / "a.txt").write_text("hello")
    (empty / "b.txt").write_text("hello")
    with pytest.raises(Misconfigured, match=r"none of its 2 files has a format that can be read; --format names one"):
        take(context, empty)
    with pytest.raises(Misconfigured, match=r"--format binance-trades is of binance"):
        take(context, empty, format="binance-trades", exchange="kraken")
    with pytest.raises(Misconfigured, match=r"unknown exchange"):
        take(context, empty, exchange="krakken")
    (Path(context.settings.lake) / MARK).write_text("simulated")
    with pytest.raises(Misconfigured, match="holds simulated trades"):
        take(context, empty)


def test_files_of_other_exchanges_are_left_out_if_one_is_named(context: RunContext, fetch: Fetch) -> None:
    day, _ = fetch(DAILY.format(DAYS[0])), fetch(HISTORY)
    binance, kraken = take(context, day.parent, exchange="kraken")
    assert binance.left_out == "it is a file of binance"
    assert kraken.taken is not None


def test_another_spelling_of_a_product_is_refused_and_an_unlisted_one_is_noted(
    context: RunContext, tmp_path: Path
) -> None:
    row = "95,100.5,2,201,1767571200016514,True,True"
    small, unknown = (tmp_path / f"{symbol}-trades-2026-01-05.csv" for symbol in ("btcusdt", "NONESUCH"))
    small.write_text(row)
    unknown.write_text(f"{row}\n{row}")
    (outcome,) = take(context, small)
    assert str(outcome.error).endswith("is of btcusdt, which binance writes BTCUSDT; add --product BTCUSDT")
    assert take_one(context, small, product="BTC-USDT").streams == ["BTCUSDT"]
    (outcome,) = take(context, unknown)
    assert list(outcome.unlisted) == ["NONESUCH"]


@pytest.mark.parametrize("alias", ["XXBTZUSD", "BTCUSD", "xbtusd"])
def test_a_file_that_is_named_by_an_alias_of_a_product_is_refused(
    context: RunContext, tmp_path: Path, alias: str
) -> None:
    file = tmp_path / f"{alias}.csv"
    file.write_text("1767571202,93497.9,0.001\n")
    (outcome,) = take(context, file)
    assert str(outcome.error).endswith(f"is of {alias}, which kraken writes XBTUSD; add --product XBTUSD")
    assert take_one(context, file, product="XBTUSD").streams == ["XBTUSD"]


def test_a_named_product_chooses_files_and_names_those_that_say_nothing(
    context: RunContext, fetch: Fetch, tmp_path: Path
) -> None:
    day, _ = fetch(DAILY.format(DAYS[0])), fetch(HISTORY)
    (day.parent / "ETHUSDT-trades-2026-01-05.csv").write_text("95,100.5,2,201,1767571200016514,True,True")
    bitcoin, ether, kraken = take(context, day.parent, product="BTCUSDT")
    assert bitcoin.taken is not None
    assert (ether.left_out, kraken.left_out) == ("it is of ETHUSDT", "it has no trades of BTCUSDT")
    (outcome,) = take(context, day.parent / ether.name, product="BTCUSDT")
    assert str(outcome.error).endswith("is of ETHUSDT, and --product says BTCUSDT; name one of them alone")
    (sales := tmp_path / "sales.csv").write_text("1767571202,93497.9,0.00114603")
    assert take_one(context, sales, product="BTC-USDT").streams == ["XBTUSDT"]
    (numbered := tmp_path / "1.csv").write_text("95,100.5,2,201,1767571200016514,True,True\n")
    (outcome,) = take(context, numbered)
    assert "doesn't say of which symbol it is" in str(outcome.error)
    assert take_one(context, numbered, product="ETHUSDT").streams == ["ETHUSDT"]


def test_a_name_that_no_product_can_have_is_refused(context: RunContext, tmp_path: Path) -> None:
    row = {"trade_id": "1", "product_id": "\x1b[31m", "price": "1", "size": "1", "time": "2026-01-05T00:00:00Z"}
    (path := tmp_path / "a.jsonl").write_text(json.dumps({**row, "side": "BUY"}))
    (outcome,) = take(context, path)
    assert str(outcome.error).endswith("a.jsonl: is of '[31m', which can't be the name of a product")


def test_files_in_s3_are_downloaded_one_by_one(
    context: RunContext, fetch: Fetch, aws: LocalAws, market: RunningSimulator
) -> None:
    bucket, s3 = aws.new_bucket(), boto3.client("s3")
    for day in DAYS:
        path = fetch(DAILY.format(day), oddities=("wrong_checksum@2025-01-01",))
        for each in (path, path.with_name(path.name + CHECKSUM)):
            s3.upload_file(str(each), bucket, f"data/{day}/{each.name}")
    s3.put_object(Bucket=bucket, Key="data/.hidden/x.zip", Body=b"")
    s3.put_object(Bucket=bucket, Key="database/x.zip", Body=b"")
    first, second = take(context, f"s3://{bucket}/data")
    assert (first.name, first.taken and first.taken.row_count) == (f"2024-12-31/{DAILY.format(DAYS[0])}", 556)
    address = f"s3://{bucket}/data/2025-01-01/{DAILY.format(DAYS[1])}"
    assert str(second.error).startswith(f"{address}: its SHA-256 is")
    s3.delete_object(Bucket=bucket, Key=f"data/2025-01-01/{DAILY.format(DAYS[1])}{CHECKSUM}")
    (only,) = take(context, address)
    assert only.name == DAILY.format(DAYS[1])
    assert held(context) == Counter(ids(market))
    sources = set(iceberg_table(Path(context.settings.lake), BINANCE).scan().to_arrow()["_source"].to_pylist())
    assert address in sources
    assert list((context.lake.work_folder / "imports").iterdir()) == []
    with pytest.raises(Misconfigured, match="no-such-bucket-anywhere/data: there is no such bucket"):
        take(context, "s3://no-such-bucket-anywhere/data")
