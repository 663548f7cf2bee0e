"""What Kraken calls assets and pairs: XBT is BTC and XDG is DOGE, and old assets carry a class letter, X or Z."""

from simulator.exchanges.tape import Tape

KRAKEN_NAMES = {"BTC": "XBT", "DOGE": "XDG"}
CANONICAL_NAMES = {kraken: canonical for canonical, kraken in KRAKEN_NAMES.items()}
# Only assets listed early on carry a class letter: X for coins, Z for government currencies.
_OLD_COINS = {"XBT", "ETH", "XDG", "LTC", "XRP", "XLM", "XMR", "ZEC", "ETC", "REP", "MLN"}
_CURRENCIES = {"USD", "EUR", "GBP", "JPY", "CAD", "AUD"}


def asset_code(asset: str) -> str:
    """The key of an asset by Kraken's own name of it: XXBT for XBT, ZUSD for USD, USDT for USDT."""
    if asset in _CURRENCIES:
        return "Z" + asset
    return "X" + asset if asset in _OLD_COINS else asset


def pair_key(base: str, quote: str) -> str:
    """The key of a pair among results: XXBTZUSD for BTC and USD, but XBTUSDT for BTC and USDT."""
    base, quote = (KRAKEN_NAMES.get(asset, asset) for asset in (base, quote))
    is_old = base in _OLD_COINS and quote in _CURRENCIES | _OLD_COINS
    return asset_code(base) + asset_code(quote) if is_old else base + quote


def pair_names(tape: Tape) -> tuple[str, str, str]:
    """Key, altname and wsname: XXBTZUSD, XBTUSD, XBT/USD."""
    base, quote = (KRAKEN_NAMES.get(asset, asset) for asset in tape.symbol.split("-"))
    return tape.product, base + quote, f"{base}/{quote}"
