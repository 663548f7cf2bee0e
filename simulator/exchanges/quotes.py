"""The best bid and ask after a trade: made from the trade alone, so that they are the same in every run.

The trade's price is the one side that it took from: the ask if the taker bought, otherwise the bid. The other side is
one to four ticks away, and the sizes have a heavy tail. Prices and sizes are exact decimal text.
"""

from dataclasses import dataclass
from decimal import Decimal
from random import Random

_WIDEST_SPREAD_TICKS = 4


@dataclass(frozen=True)
class Quote:
    """Best bid and ask of a product, with the sizes that are offered there."""

    bid: str
    bid_size: str
    ask: str
    ask_size: str


def quote_after(
    product: str, trade_id: int, *, price: str, is_taker_buy: bool, price_decimals: int, quantity_decimals: int
) -> Quote:
    """The quote right after a trade; prices and sizes have as many digits as the decimals say."""
    random = Random(f"{product}/{trade_id}")
    tick = Decimal(1).scaleb(-price_decimals)
    last = Decimal(price)
    spread = random.randint(1, _WIDEST_SPREAD_TICKS) * tick
    # A bid stays above zero, even that of an asset that costs a few ticks.
    bid, ask = (max(last - spread, tick), last) if is_taker_buy else (last, last + spread)
    sizes = [_draw_size(random, bid, quantity_decimals) for _ in range(2)]
    return Quote(f"{bid:.{price_decimals}f}", sizes[0], f"{ask:.{price_decimals}f}", sizes[1])


def _draw_size(random: Random, price: Decimal, decimals: int) -> str:
    # A value of 500 to 500,000 in the quote currency: one over a uniform number.
    value = Decimal(500_000) / random.randint(1, 1000)
    return f"{max(value / price, Decimal(1).scaleb(-decimals)):.{decimals}f}"
