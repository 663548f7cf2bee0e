"""Transforms of markets: which side of a trade was the taker's."""

from collections.abc import Mapping

from .transform import Transform

BUYS, SELLS = ("buy", "b", "bid", "bought"), ("sell", "s", "ask", "sold")
"""The words for either side, in small letters."""

_WORDS = f"Any case. {', '.join(BUYS)} and {', '.join(SELLS)}; anything else, and null, is UNKNOWN."

MARKET: Mapping[str, Transform] = {
    "side_from_buyer_is_maker": Transform(
        "The taker's side from a flag that says whether the buyer's order waited in the book.",
        ("string", "boolean"),
        "string",
        "True is SELL: whoever met the buyer's waiting order sold. Null is UNKNOWN.",
    ),
    "side_from_maker_side": Transform(
        "The taker's side from the maker's: the opposite.", ("string",), "string", _WORDS
    ),
    "side_from_taker_side": Transform("The taker's side as BUY or SELL.", ("string",), "string", _WORDS),
}
