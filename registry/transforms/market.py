"""Transforms for market data: which side of a trade was the taker's."""

from collections.abc import Mapping

from .transform import Transform

BUYS, SELLS = ("buy", "b", "bid", "bought"), ("sell", "s", "ask", "sold")
"""The words for each side, in lower case."""

_WORDS = f"The words {', '.join(BUYS)} and {', '.join(SELLS)} in any letter case; other text, and null, is UNKNOWN."

MARKET: Mapping[str, Transform] = {
    "side_from_buyer_is_maker": Transform(
        "The taker's side from a flag that is true if the buyer's order was waiting in the book.",
        ("string", "boolean"),
        "string",
        "True gives SELL, because the taker sold to the waiting buyer. Null gives UNKNOWN.",
        raw_type="boolean",
    ),
    "side_from_maker_side": Transform(
        "The taker's side from the maker's side, which is the opposite.", ("string",), "string", _WORDS
    ),
    "side_from_taker_side": Transform("The taker's side as BUY or SELL.", ("string",), "string", _WORDS),
}
