"""The SQL of `registry.transforms.market`."""

from collections.abc import Mapping

from registry.transforms.market import BUYS, SELLS

from .engines import EngineSql, spelled


def _side(*, buy: tuple[str, ...], sell: tuple[str, ...]) -> EngineSql:
    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(f"'{word}'" for word in words)

    return spelled(f"""\
case
    when <word> in ({listed(buy)})
        then 'BUY'
    when <word> in ({listed(sell)})
        then 'SELL'
    else 'UNKNOWN'
end""")


SQL: Mapping[str, EngineSql] = {
    "side_from_buyer_is_maker": _side(buy=("false", "f", "0"), sell=("true", "t", "1")),
    "side_from_maker_side": _side(buy=SELLS, sell=BUYS),
    "side_from_taker_side": _side(buy=BUYS, sell=SELLS),
}
