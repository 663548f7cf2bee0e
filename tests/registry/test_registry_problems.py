"""Every mistake gives exactly the line recorded here."""

import pytest

from registry.registry import load_registry
from tests.support.spoilable_project import Project

KRAKEN = "config/mappings/kraken_trades.yaml"
TARGET = "config/targets/trades_unified.yaml"
UNIFIED = "exchange, symbol, trade_id, side, price, quantity, trade_ts, ingest_ts"
TRANSFORMS = (
    "to_string, to_double, to_bigint, to_boolean, from_s, from_ms, from_us, from_ns, iso8601, upper, lower, "
    "side_from_buyer_is_maker, side_from_maker_side, side_from_taker_side"
)
SIDES = "to_string, upper, lower, side_from_buyer_is_maker, side_from_maker_side, side_from_taker_side"
RAW = (
    "trade_id, pair, price, volume, time, side, order_type, misc, _source, _source_ingest_ts, _raw_payload, "
    "_channel, _dlt_load_id"
)

MAPPING_MISTAKES = {
    "unknown transform": (
        "transforms: {side: side_from_taker_side}",
        "transforms: {side: side_from_taker_side, time: from_millis}",
        f": transforms.time: unknown transform `from_millis`; did you mean `from_ms`? use one of: {TRANSFORMS}",
    ),
    "transform of an unmapped column": (
        "transforms: {side:",
        "transforms: {sied: upper, side:",
        ": transforms.sied: `sied` is not a column of `mappings`; did you mean `side`? use one of: trade_id, pair, "
        "symbol, price, volume, quantity, time, trade_ts, side",
    ),
    "transform that gives another type": (
        "side: side_from_taker_side",
        "side: from_ms",
        f": transforms.side: `from_ms` gives timestamp, but `side` is string; use one of: {SIDES}",
    ),
    "transform that can't take the type": (
        "transforms: {side:",
        "transforms: {price: side_from_taker_side, side:",
        ": transforms.price: `side_from_taker_side` gives string, but `price` is double; use one of: to_double",
    ),
    "type that no transform bridges": (
        "  price:\n    type: double",
        "  price:\n    type: boolean",
        ": mappings.price: `price` is boolean, but `price` is double; name a transform, one of: none of the catalogue",
    ),
    "type that needs a transform": (
        "  price:\n    type: double",
        "  price:\n    type: string",
        ": mappings.price: `price` is string, but `price` is double; name a transform, one of: to_double",
    ),
    "unknown source column": (
        "  volume: quantity",
        "  volumes: quantity",
        f": mappings.volumes: unknown source column `volumes`; did you mean `volume`? use one of: {RAW}",
    ),
    "unknown target column": (
        "  price: price",
        "  price: prize",
        f": mappings.price: unknown column `prize` of trades_unified; did you mean `price`? use one of: {UNIFIED}",
    ),
    "column mapped twice": (
        "  volume: quantity",
        "  volume: price",
        ": mappings.volume: `price` is already mapped from `price`; keep one",
    ),
    "required column without a value": (
        "  volume: quantity\n",
        "",
        ": mappings: `quantity` is required but gets no value; map a column to it, or set it under `constants`",
    ),
    "constant for a mapped column": (
        "{exchange: KRAKEN}",
        "{exchange: KRAKEN, price: 1}",
        ": constants.price: `price` is mapped from `price` too; keep one",
    ),
    "constant of another type": (
        "{exchange: KRAKEN}",
        "{exchange: 7}",
        ": constants.exchange: 7 is not a string; put it in quotes",
    ),
    "constant that is not a scalar": (
        "{exchange: KRAKEN}",
        "{exchange: [KRAKEN]}",
        ": constants.exchange: ['KRAKEN'] is not text, a number, true or false",
    ),
    "default that isn't accepted": (
        "constants:",
        "defaults: {side: BOUGHT}\nconstants:",
        ": defaults.side: 'BOUGHT' is not accepted; use one of: BUY, SELL, UNKNOWN",
    ),
    "default of a constant": (
        "constants:",
        "defaults: {exchange: KRAKEN}\nconstants:",
        ": defaults.exchange: `exchange` is a constant, which is never null; keep one",
    ),
    "filter on an unknown column": (
        "constants:",
        "filters: {tpye: {not_null: true}}\nconstants:",
        f": filters.tpye: unknown source column `tpye`; did you mean `time`? use one of: {RAW}",
    ),
    "filter of another type": (
        "constants:",
        "filters: {price: {min: cheap}}\nconstants:",
        ": filters.price: 'cheap' is not a double",
    ),
    "empty filter": (
        "constants:",
        "filters: {price: {}}\nconstants:",
        ": filters.price: is empty; use one of: not_null, in, not_in, min, max",
    ),
    "unknown predicate": (
        "constants:",
        "filters: {price: {notin: [1]}}\nconstants:",
        ": filters.price: unknown key `notin`; did you mean `not_in`? use one of: not_null, in, not_in, min, max",
    ),
    "unknown key": (
        "constants:",
        "constant:",
        ": unknown key `constant`; did you mean `constants`? use one of: mappings, constants, transforms, defaults, "
        "filters, source, target_table, description, columns, versions, examples",
    ),
    "missing key": ("source: raw_kraken_trades\n", "", ": key `source` is missing"),
    "source that isn't named as one": (
        "source: raw_kraken_trades",
        "source: kraken",
        ": source: `kraken` must be named raw_<source>_<entity>",
    ),
    "unknown target": (
        "target_table: trades_unified",
        "target_table: trade_unified",
        ": target_table: unknown target `trade_unified`; did you mean `trades_unified`? use one of: trades_unified",
    ),
    "source of another file": (
        "source: raw_kraken_trades",
        "source: raw_binance_trades",
        ": source: `raw_binance_trades` is already mapped in config/mappings/binance_trades.yaml; keep one",
    ),
    "unknown type": (
        "  price:\n    type: double",
        "  price:\n    type: decimal",
        ": columns.price.type: 'decimal' is unknown; use one of: string, double, long, boolean, timestamp",
    ),
    "column without a description": (
        "    description: Price in the quote asset.\n",
        "",
        ": columns.price: key `description` is missing",
    ),
    "column that every raw table has": (
        "  price:\n    type: double",
        "  _channel:\n    type: double",
        ": columns._channel: every raw table has it; leave it out",
    ),
    "name that isn't one": (
        "  price:\n    type: double",
        "  Pri-ce:\n    type: double",
        ": columns: 'Pri-ce' is not a valid name; use lower-case letters, digits and underscores, and no digit first",
    ),
    "version that is not a time": (
        "examples:",
        "versions: [{until: soon}]\nexamples:",
        ": versions.0.until: 'soon' is not a time; write it as 2026-01-31 or 2026-01-31 23:59:59.5",
    ),
    "versions out of order": (
        "examples:",
        "versions: [{until: 2026-01-02}, {until: 2026-01-01}]\nexamples:",
        ": versions.1.until: 2026-01-01 is not later than in the previous version; list versions oldest first",
    ),
    "mistake in a version alone": (
        "examples:",
        "versions: [{until: 2026-01-02, transforms: {side: uper}}]\nexamples:",
        f": versions.0.transforms.side: unknown transform `uper`; did you mean `upper`? use one of: {TRANSFORMS}",
    ),
    "example with an unknown column": (
        '      misc: ""',
        '      mics: ""',
        f": examples.0.raw.mics: unknown source column `mics`; did you mean `misc`? use one of: {RAW}",
    ),
    "example with a number for text": (
        'trade_id: "7654321"\n      pair',
        "trade_id: 7654321\n      pair",
        ": examples.0.raw.trade_id: 7654321 is not a string; put it in quotes",
    ),
    "example with an unknown unified column": (
        "unified: {side: SELL",
        "unified: {sid: SELL",
        f": examples.1.unified.sid: unknown column `sid` of trades_unified; did you mean `side`? use one of: {UNIFIED}",
    ),
    "duplicate key": (
        "  volume: quantity",
        "  price: quantity",
        ":34:3: key `price` is given twice, in lines 33 and 34; keep one",
    ),
    "broken YAML": (
        "constants: {exchange: KRAKEN}",
        "constants: {exchange: KRAKEN",
        ":38:11: expected ',' or '}', but got ':'",
    ),
    "tab": (
        "  volume: quantity",
        "\tvolume: quantity",
        ":34:1: found character '\\t' that cannot start any token",
    ),
}


@pytest.mark.parametrize(("old", "new", "line"), MAPPING_MISTAKES.values(), ids=MAPPING_MISTAKES.keys())
def test_a_mistake_in_a_mapping_is_one_recorded_line(project: Project, old: str, new: str, line: str) -> None:
    project.replace(KRAKEN, old, new)
    assert KRAKEN + line in project.problems()
    assert all("\n" not in problem for problem in project.problems())


TARGET_MISTAKES = {
    "name and file disagree": (
        "target_table: trades_unified",
        "target_table: trades",
        ": target_table: is `trades`, but the file is named trades_unified.yaml; make them agree",
    ),
    "unknown key column": (
        "key: [exchange, symbol, trade_id]",
        "key: [exchange, symbl]",
        f": key: unknown column `symbl`; did you mean `symbol`? use one of: {UNIFIED}",
    ),
    "partition by text": ("day(trade_ts)", "day(symbol)", ": partition_by: `symbol` is string; name a timestamp"),
    "partition by another unit": (
        "day(trade_ts)",
        "month(trade_ts)",
        ": partition_by: String should match pattern '^day\\([a-z_][a-z0-9_]*\\)$', found 'month(trade_ts)'",
    ),
    "default that isn't accepted": (
        "default: UNKNOWN",
        "default: NOBODY",
        ": columns.side.default: 'NOBODY' is not accepted; use one of: BUY, SELL, UNKNOWN",
    ),
    "unknown provenance": (
        "from: _source_ingest_ts",
        "from: _ingest_ts",
        ": columns.ingest_ts.from: unknown column `_ingest_ts`; did you mean `_source_ingest_ts`? use one of: "
        "_source, _source_ingest_ts, _raw_payload, _channel, _dlt_load_id",
    ),
    "bound of another type": ("above: 0", "above: cheap", ": columns.price.above: 'cheap' is not a double"),
    "bound of text": (
        "    accepted_values: [BUY, SELL, UNKNOWN]",
        "    min: BUY",
        ": columns.side.min: a string can't have bounds; only these types can: double, long, timestamp",
    ),
    "two lower bounds": ("above: 0", "above: 0\n    min: 1", ": columns.price.above: `min` is given too; keep one"),
    "bounds that allow no value": (
        "above: 0",
        "above: 0\n    max: 0",
        ": columns.price.max: no value is above 0 and at most 0",
    ),
    "bounds in the wrong order": (
        "from: _source_ingest_ts",
        "from: _source_ingest_ts\n    min: 2026-01-02\n    below: 2026-01-01",
        ": columns.ingest_ts.below: no value is at least 2026-01-02 and below 2026-01-01",
    ),
    "default out of bounds": (
        "above: 0",
        "above: 0\n    default: 0",
        ": columns.price.default: 0 is not above 0",
    ),
    "bound that is too large for a double": (
        "above: 0",
        "above: 1e400",
        ":28:12: '1e400' is too large for a number; put it in quotes if it is text",
    ),
    "reserved word": (
        "  quantity:\n",
        "  values:\n",
        ": columns: `values` is a reserved word of SQL; choose another name",
    ),
    "column of the generated models": (
        "  quantity:\n",
        "  rejection_reason:\n",
        ": columns.rejection_reason: generated models have a column of this name themselves; choose another name",
    ),
    "column of every raw table": (
        "  quantity:\n",
        "  _channel:\n",
        ": columns._channel: generated models have a column of this name themselves; choose another name",
    ),
}


@pytest.mark.parametrize(("old", "new", "line"), TARGET_MISTAKES.values(), ids=TARGET_MISTAKES.keys())
def test_a_mistake_in_a_target_is_one_recorded_line(project: Project, old: str, new: str, line: str) -> None:
    project.replace(TARGET, old, new)
    assert TARGET + line in project.problems()


def test_all_mistakes_of_all_files_are_reported_at_once(project: Project) -> None:
    project.replace(KRAKEN, "{exchange: KRAKEN}", "{exchange: 7}")
    project.replace(KRAKEN, "  volume: quantity\n", "")
    project.replace("config/mappings/binance_trades.yaml", "target_table:", "target:")
    project.replace("config/products/binance.yaml", "symbol: ETHUSDT", "symbol: BTCUSDT")
    problems = project.problems()
    assert {problem.split(":")[0] for problem in problems} == {
        KRAKEN,
        "config/mappings/binance_trades.yaml",
        "config/products/binance.yaml",
    }
    assert len(problems) == 5


def test_a_product_is_listed_once(project: Project) -> None:
    project.write("config/products/other.yaml", "exchange: KRAKEN\nproducts: [{symbol: XBTUSD, base: BTC, quote: USD}]")
    assert project.problems() == [
        "config/products/other.yaml: products: `XBTUSD` of KRAKEN is already in config/products/kraken.yaml"
    ]


def test_a_file_with_another_ending_is_not_overlooked(project: Project) -> None:
    project.write("config/mappings/okx_trades.yml", "")
    assert project.problems() == ["config/mappings/okx_trades.yml: name it okx_trades.yaml; other endings aren't read"]


def test_an_empty_file_is_a_mistake(project: Project) -> None:
    project.write("config/products/other.yaml", "")
    assert project.problems() == [
        "config/products/other.yaml: must hold keys and values; use some of: exchange, products"
    ]


def test_products_have_canonical_symbols() -> None:
    products = {(product.exchange, product.symbol): product for product in load_registry().products}
    assert products["KRAKEN", "XBTUSD"].canonical_symbol == "BTC-USD"
    assert products["KRAKEN", "XDGUSD"].base_asset == "DOGE"
    for market in ("BTC-USDT", "ETH-USDT"):
        assert {p.exchange for p in products.values() if p.canonical_symbol == market} >= {
            "BINANCE",
            "COINBASE",
            "KRAKEN",
        }
