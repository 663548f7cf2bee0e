"""Canonical symbols (`BTC-USDT`) from names that have no separator.

The simulator knows its own symbols; this module is for products that only a folder of recordings names.
"""

_QUOTES = ("USDT", "USDC", "FDUSD", "USD", "EUR", "GBP", "JPY", "BTC", "XBT", "ETH", "BNB")


def split_joined(name: str) -> tuple[str, str]:
    """Base and quote of `BTCUSDT`; the quote is empty if none of the usual ones fits."""
    quote = next((quote for quote in _QUOTES if name.endswith(quote) and name != quote), "")
    return (name.removesuffix(quote), quote)
