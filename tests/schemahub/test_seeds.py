"""Seed files: what an exchange's response makes of one, what a reader of the format finds, and what is refused."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.errors import Misconfigured
from loaders.connector import ListedProduct
from registry.config_files import SEED_FILES
from schemahub.products import write_whole
from schemahub.seeds import Seed, check_path, load_seed, matching, read_seed, seed_path, seed_text, updated_seed
from schemahub.settings import PROJECT

NOW = datetime(2025, 12, 15, 12, 0, 0, 999_999)
AS_THE_FORMAT_SAYS = """\
product_ids:
  - BTC-USD
  - ETH-USD
  - LTC-USD
metadata:
  source: coinbase
  last_updated: 2025-12-15T12:00:00Z
  count: 3
"""
ODD_NAMES = ["1E5", "NO", "2026-01-05", "0x1F", "1_000", ".5"[1:], "null", "TRUE", "12:30", "币安", "- x", "a: b", "#x"]


def listed(*symbols: str) -> list[ListedProduct]:
    return [ListedProduct(symbol, "A", "B") for symbol in symbols]


def update(before: Seed | None, *symbols: str, merge: bool = False, regex: str | None = None) -> Seed:
    return updated_seed("coinbase", before, listed(*symbols), merge=merge, regex=regex, now=NOW).seed


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "product_ids_seed.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_seed_is_written_in_the_documented_format_and_sorted() -> None:
    assert seed_text(update(None, "LTC-USD", "BTC-USD", "ETH-USD")) == AS_THE_FORMAT_SAYS


def test_the_documented_format_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, AS_THE_FORMAT_SAYS)
    assert read_seed(path) == read_seed(path, exchange="coinbase") == ["BTC-USD", "ETH-USD", "LTC-USD"]
    assert load_seed(path).last_updated == "2025-12-15T12:00:00Z"


def test_another_reader_of_yaml_finds_names_and_a_time_in_utc() -> None:
    found = yaml.safe_load(seed_text(update(None, *ODD_NAMES)))
    assert found["product_ids"] == sorted(set(ODD_NAMES) - {"- x"})  # no name begins like a formula
    assert found["metadata"]["last_updated"] == datetime(2025, 12, 15, 12, tzinfo=UTC)


def test_names_that_look_like_something_else_survive_the_file(tmp_path: Path) -> None:
    seed = update(None, *ODD_NAMES)
    path = tmp_path / "odd.yaml"
    write_whole(path, seed_text(seed))
    assert load_seed(path) == seed
    assert [found.name for found in tmp_path.iterdir()] == ["odd.yaml"]


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1), st.lists(NAMES), st.booleans())
def test_whatever_an_exchange_lists_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, first: list[str], second: list[str], merge: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    seed = update(None, "BTC-USD", *first)
    for each in (seed, update(seed, "BTC-USD", *second, merge=merge)):
        path.write_text(seed_text(each), encoding="utf-8")
        assert load_seed(path) == each
        assert yaml.safe_load(path.read_text(encoding="utf-8"))["product_ids"] == list(each.product_ids)


def test_the_same_products_in_any_order_give_the_same_text() -> None:
    assert seed_text(update(None, "B", "A", "C", "A")) == seed_text(update(update(None, "C"), "C", "B", "A"))


def test_an_update_replaces_and_counts() -> None:
    before = update(None, "A", "B", "C")
    found = updated_seed("coinbase", before, listed("B", "C", "D", "E"), merge=False, regex=None, now=NOW)
    assert found.seed.product_ids == ("B", "C", "D", "E")
    assert (found.new, found.kept, found.gone) == (2, 2, 1)
    assert found.remarks == ("2 new: D, E", "1 gone: A")


def test_a_merge_keeps_what_is_no_longer_listed_and_marks_it(tmp_path: Path) -> None:
    before = update(None, "A", "B")
    merged = updated_seed("coinbase", before, listed("B", "C"), merge=True, regex=None, now=NOW)
    assert (merged.seed.product_ids, merged.seed.delisted, merged.gone) == (("A", "B", "C"), ("A",), 0)
    assert "1 no longer listed, and kept because of --merge: A" in merged.remarks
    path = written(tmp_path, seed_text(merged.seed))
    assert load_seed(path) == merged.seed
    assert read_seed(path) == ["B", "C"]
    assert yaml.safe_load(path.read_text())["product_ids"] == ["A", "B", "C"]
    assert yaml.safe_load(path.read_text())["metadata"]["count"] == 3


def test_what_is_listed_again_is_no_longer_marked() -> None:
    merged = update(update(None, "A", "B"), "B", merge=True)
    assert merged.delisted == ("A",)
    assert update(merged, "A", "B", merge=True).delisted == ()


def test_a_filter_chooses_among_what_is_fetched_and_a_merge_keeps_the_rest() -> None:
    before = update(None, "A-EUR", "B-USD")
    assert update(before, "A-EUR", "C-USD", "D-EUR", regex=".*-USD").product_ids == ("C-USD",)
    merged = update(before, "A-EUR", "C-USD", "D-EUR", regex=".*-USD", merge=True)
    assert merged.product_ids == ("A-EUR", "B-USD", "C-USD")
    assert merged.delisted == ("B-USD",)


@pytest.mark.parametrize(
    ("regex", "names"),
    {
        ".*-USD": ["BTC-USD", "ETH-USD"],
        "BTC": [],
        "BTC.*": ["BTC-USD", "BTC-USDT"],
        "BTC-USD|ETH-USD": ["BTC-USD", "ETH-USD"],
        "(?i)btc-usd": ["BTC-USD"],
        ".*": ["BTC-USD", "BTC-USDT", "ETH-USD"],
        "": [],
    }.items(),
)
def test_a_filter_must_match_the_whole_name(regex: str, names: list[str]) -> None:
    assert matching(["BTC-USD", "BTC-USDT", "ETH-USD"], regex) == names


@pytest.mark.parametrize("regex", ["(", "a)(b", "[", "*", "(?!x)", r"\1(a)", "a{1001}", "\ud800", "x" * 1_001, "(\x1b"])
def test_an_expression_that_cannot_be_used_is_one_line(regex: str) -> None:
    with pytest.raises(Misconfigured, match="--filter-regex") as caught:
        matching([], regex)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a?){100}a{100}"])
def test_an_expression_that_takes_exponential_time_elsewhere_takes_none(regex: str) -> None:
    start = time.perf_counter()
    matching(["a" * 99 + "!"] * 5_000, regex)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("merge", [False, True])
def test_a_response_without_products_changes_nothing(merge: bool) -> None:
    with pytest.raises(Misconfigured, match="coinbase lists no product that can be used"):
        update(update(None, "A"), "\x1b[2J", "../x", merge=merge)


def test_a_filter_that_matches_nothing_changes_nothing() -> None:
    with pytest.raises(Misconfigured, match="none of the 2 products of coinbase matches USD, for example A-USD; the"):
        update(update(None, "A"), "A-USD", "B-USD", regex="USD")


HOSTILE = [
    "",
    " A",
    "A\x1b[2J",
    "A\nB",
    "=cmd",
    "\u202eABC",
    "A" * 101,
    "../../etc/passwd",
    "a/b",
    "a\\b",
    ".",
    "..",
    ".x",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_no_seed_can_hold_is_left_out_and_shown_harmlessly(name: str, tmp_path: Path) -> None:
    found = updated_seed("coinbase", None, listed("BTC-USD", name), merge=False, regex=None, now=NOW)
    assert found.seed.product_ids == ("BTC-USD",)
    assert found.remarks[1].startswith("1 with a name that can't be used: ")
    assert all(remark.isprintable() and len(remark) < 500 for remark in found.remarks)
    path = written(tmp_path, yaml.safe_dump({"product_ids": [name]}))
    with pytest.raises(Misconfigured, match=r"product_ids\.0: "):
        load_seed(path)


def test_many_names_are_counted() -> None:
    found = updated_seed("coinbase", None, listed(*(f"A{n:03}" for n in range(400))), merge=False, regex=None, now=NOW)
    assert found.remarks == ("400 new: A000, A001, A002, A003, A004 and 395 more",)


BROKEN = {
    "empty": ("", "must hold keys and values"),
    "no names": ("product_ids: []", "product_ids: "),
    "no key": ("metadata: {source: coinbase}", "key `product_ids` is missing"),
    "another key": ("product_id: [A]", "unknown key `product_id`; did you mean `product_ids`?"),
    "a key too many": ("product_ids: [A]\nproducts: [A]", "unknown key `products`"),
    "a list": ("- A\n- B", "must hold keys and values"),
    "a text": ("product_ids: A, B", "product_ids: "),
    "a number": ("product_ids: [A, 1E5]", "product_ids.1: expected text, found 100000.0; put it in quotes"),
    "null": ("product_ids: [A, null]", "product_ids.1: expected text, found null"),
    "a list in it": ("product_ids: [A, [B]]", "product_ids.1: expected text"),
    "twice": ("product_ids: [A, B, A]", "product_ids: 'A' is listed more than once"),
    "an escape": ('product_ids: ["A\\x1b[2J"]', "product_ids.0: "),
    "a control character": (b"product_ids: [A\x07]", ":1:16: the character U+0007 isn't allowed"),
    "NUL bytes": (b"\0" * 100, "U+0000 isn't allowed"),
    "bytes": (b"\xff\xfe\xfd", "not UTF-8"),
    "YAML cut off": ("product_ids: [A, ", ":1:"),
    "a bomb": ("a: &a [x, x, x]\nproduct_ids: *a", "unknown key `a`"),
    "large": ("product_ids:\n" + "  - A\n" * 400_000, "larger than 2 MB"),
    "marked, but not listed": ("product_ids: [A]\ndelisted: [B]", "delisted: 'B' is not in product_ids"),
    "metadata": ("product_ids: [A]\nmetadata: {sauce: x}", "metadata: "),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_seed_is_one_line_with_its_name_and_what_to_do(name: str, tmp_path: Path) -> None:
    text, problem = BROKEN[name]
    path = written(tmp_path, text)
    with pytest.raises(Misconfigured) as caught:
        read_seed(path)
    line = str(caught.value)
    assert line.startswith(str(path))
    assert problem in line
    assert line.endswith("correct the file, or write it again with `schemahub update-seed --fetch --write`")
    assert line.isprintable()
    assert len(line) < 1_200


def test_more_mistakes_are_counted(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"\(and 2 more mistakes\)"):
        read_seed(written(tmp_path, "product_ids: [1, 2, 3, 4, 5]"))


@pytest.mark.parametrize("is_link", [False, True])
def test_a_missing_file_is_one_line_with_what_to_do(is_link: bool, tmp_path: Path) -> None:
    path = tmp_path / "seed.yaml"
    if is_link:
        path.symlink_to("nothing")
    with pytest.raises(Misconfigured, match=r"there is no such seed file; write it with `schemahub update-seed --fe"):
        read_seed(path)


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), os.mkfifo], ids=["folder", "pipe"])
def test_what_is_not_a_file_is_one_line(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(path := tmp_path / "seed.yaml")
    with pytest.raises(Misconfigured, match="it is not a file"):
        read_seed(path)


def test_a_file_written_by_hand_needs_only_names(tmp_path: Path) -> None:
    assert read_seed(written(tmp_path, "product_ids: [ETH-USD, BTC-USD]"), exchange="kraken") == ["BTC-USD", "ETH-USD"]


def test_a_seed_of_another_exchange_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, AS_THE_FORMAT_SAYS)
    with pytest.raises(
        Misconfigured, match=r"holds products of coinbase, expected products of kraken; .* --exchange kr"
    ):
        read_seed(path, exchange="kraken")


def test_each_exchange_has_a_file_of_its_own() -> None:
    assert seed_path("coinbase").relative_to(PROJECT).as_posix() == "config/mappings/product_ids_seed.yaml"
    assert seed_path("kraken").relative_to(PROJECT).as_posix() == "config/mappings/product_ids_seed_kraken.yaml"
    with pytest.raises(Misconfigured, match=r"unknown exchange `\.\./x`"):
        seed_path("../x")


@pytest.mark.parametrize(
    "name", ["mappings/usd.yaml", "mappings/coinbase_trades.yaml", "products/coinbase.yaml", "x.yaml"]
)
def test_no_seed_is_written_where_it_would_mean_something_else(name: str) -> None:
    with pytest.raises(Misconfigured, match="a seed file within config/ must be named config/mappings/product_ids_see"):
        check_path(PROJECT / "config" / name)


def test_other_places_are_the_users(tmp_path: Path) -> None:
    for path in (tmp_path / "usd.yaml", seed_path("coinbase"), seed_path("binance"), PROJECT / "build" / "x.yaml"):
        check_path(path)


def test_a_seed_is_not_committed() -> None:
    assert f"/config/mappings/{SEED_FILES}" in (PROJECT / ".gitignore").read_text().splitlines()
