"""Examples of inputs and outputs of each transform for docs/mappings.md. A test runs every example."""

from collections.abc import Mapping
from datetime import datetime

Value = str | int | float | bool | datetime | None

_MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789012)
_SECOND = _MOMENT.replace(microsecond=0)
_MILLISECOND = _MOMENT.replace(microsecond=789000)

EXAMPLES: Mapping[str, tuple[tuple[Value, Value], ...]] = {
    "to_string": ((42, "42"), (True, "true")),
    "to_double": (("97250.10", 97250.1), ("1e-8", 1e-8), (3, 3.0), ("12,5", None), ("NaN", None)),
    "to_bigint": ((" 17 ", 17), ("1.5", None), ("9223372036854775808", None)),
    "to_boolean": (("True", True), ("0", False), (1, True), ("yes", None)),
    "from_s": ((1770091506, _SECOND), ("1770091506.789012", _MOMENT), ("1.770091506e9", _SECOND), ("soon", None)),
    "from_ms": ((1770091506789, _MILLISECOND), ("1770091506789.0129", _MOMENT), ("", None)),
    "from_us": ((1770091506789012, _MOMENT), ("1770091506789012.9", _MOMENT), ("soon", None)),
    "from_ns": ((1770091506789012999, _MOMENT), ("1.7e18", None)),
    "iso8601": (
        ("2026-02-03T04:05:06.789012Z", _MOMENT),
        ("2026-02-03T06:05:06+02:00", _SECOND),
        ("2026-02-03 04:05:06", _SECOND),
        ("2026-02-03", None),
    ),
    "upper": (("btc-usd", "BTC-USD"), ("straße", "STRAßE")),
    "lower": (("BTC-USD", "btc-usd"),),
    "side_from_buyer_is_maker": ((True, "SELL"), ("false", "BUY"), ("maybe", "UNKNOWN"), (None, "UNKNOWN")),
    "side_from_maker_side": (("sell", "BUY"), ("BID", "SELL"), ("auction", "UNKNOWN"), (None, "UNKNOWN")),
    "side_from_taker_side": (("b", "BUY"), (" Sell ", "SELL"), ("auction", "UNKNOWN"), (None, "UNKNOWN")),
}
"""Pairs of an input and its output, by transform. Null gives null unless a pair says otherwise."""
