"""Coinbase's products and currencies, as `/products` and `/currencies` describe them."""

from collections.abc import Iterable
from typing import Any

from simulator.exchanges.market import decimal_text
from simulator.exchanges.tape import Tape

_NAMES = {"BTC": "Bitcoin", "ETH": "Ether", "SOL": "Solana", "DOGE": "Dogecoin", "USDT": "Tether", "USD": "US Dollar"}
_FIAT = {"USD": "0.01", "EUR": "0.01", "GBP": "0.01"}
_COIN_PRECISIONS = {"USDT": "0.000001", "USDC": "0.000001"}


def product(tape: Tape) -> dict[str, Any]:
    """What `/products` says of a product."""
    base, _, quote = tape.product.partition("-")
    return {
        "id": tape.product,
        "base_currency": base,
        "quote_currency": quote,
        "quote_increment": decimal_text(1, tape.price_decimals),
        "base_increment": decimal_text(1, tape.quantity_decimals),
        "display_name": f"{base}/{quote}",
        "min_market_funds": "1",
        "margin_enabled": False,
        "fx_stablecoin": False,
        "max_slippage_percentage": "0.02000000",
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "trading_disabled": False,
        "status": "online",
        "status_message": "",
        "auction_mode": False,
    }


def currencies(tapes: Iterable[Tape]) -> dict[str, dict[str, Any]]:
    """What `/currencies` says of the assets of these products, by name."""
    names = sorted({name for tape in tapes for name in tape.product.split("-")})
    return {name: _currency(name) for name in names}


def _currency(name: str) -> dict[str, Any]:
    kind = "fiat" if name in _FIAT else "crypto"
    precision = _FIAT.get(name) or _COIN_PRECISIONS.get(name, "0.00000001")
    return {
        "id": name,
        "name": _NAMES.get(name, name),
        "min_size": precision,
        "status": "online",
        "message": "",
        "max_precision": precision,
        "convertible_to": [],
        "details": {"type": kind, "symbol": None, "sort_order": 0, "push_payment_methods": [], "group_types": [kind]},
        "default_network": "",
        "supported_networks": [],
        "display_name": name,
    }
