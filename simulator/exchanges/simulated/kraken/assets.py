"""Kraken's asset pairs and assets, as `/0/public/AssetPairs` and `/0/public/Assets` describe them."""

from collections.abc import Iterable
from typing import Any

from simulator.exchanges.market import decimal_text
from simulator.exchanges.simulated.kraken.names import KRAKEN_NAMES, asset_code, pair_names
from simulator.exchanges.tape import Tape

_TAKER_FEES = [[0, 0.4], [10_000, 0.35], [50_000, 0.24], [100_000, 0.22]]
_MAKER_FEES = [[0, 0.25], [10_000, 0.2], [50_000, 0.14], [100_000, 0.12]]
# The decimals that an asset is kept with, and those that are displayed.
_GOVERNMENT_DECIMALS = (4, 2)
_STABLE_COIN_DECIMALS = (8, 4)
_COIN_DECIMALS = (10, 5)


def asset_pair(tape: Tape) -> dict[str, Any]:
    """What `AssetPairs` says of a pair."""
    _, altname, wsname = pair_names(tape)
    base, quote = (KRAKEN_NAMES.get(asset, asset) for asset in tape.symbol.split("-"))
    return {
        "altname": altname,
        "wsname": wsname,
        "aclass_base": "currency",
        "base": asset_code(base),
        "aclass_quote": "currency",
        "quote": asset_code(quote),
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": tape.price_decimals,
        "lot_decimals": tape.quantity_decimals,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": _TAKER_FEES,
        "fees_maker": _MAKER_FEES,
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.00005",
        "costmin": "0.5",
        "tick_size": decimal_text(1, tape.price_decimals),
        "status": "online",
    }


def assets(tapes: Iterable[Tape]) -> dict[str, dict[str, Any]]:
    """What `Assets` says of the assets of these pairs, by key."""
    names = sorted({KRAKEN_NAMES.get(name, name) for tape in tapes for name in tape.symbol.split("-")})
    return {asset_code(name): _asset(name) for name in names}


def _asset(name: str) -> dict[str, Any]:
    is_government = asset_code(name) == f"Z{name}"
    decimals = _GOVERNMENT_DECIMALS if is_government else _COIN_DECIMALS
    if name in ("USDT", "USDC"):
        decimals = _STABLE_COIN_DECIMALS
    return {
        "aclass": "currency",
        "altname": name,
        "decimals": decimals[0],
        "display_decimals": decimals[1],
        "status": "enabled",
    }
