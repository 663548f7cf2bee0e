"""One module or folder per simulated exchange. All of them are found, and each must define `EXCHANGE`."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from simulator.exchanges.simulated_exchange import SimulatedExchange


@cache
def simulated_exchanges() -> dict[str, type[SimulatedExchange]]:
    """All simulated exchanges by name, in alphabetical order.

    Raises:
        TypeError: a module of this folder has no `EXCHANGE`.
    """
    found = [_load(module.name) for module in iter_modules(__path__)]
    return {exchange.name: exchange for exchange in sorted(found, key=lambda exchange: exchange.name)}


def _load(module_name: str) -> type[SimulatedExchange]:
    exchange = getattr(import_module(f"{__name__}.{module_name}"), "EXCHANGE", None)
    if not (isinstance(exchange, type) and issubclass(exchange, SimulatedExchange)):
        raise TypeError(
            f"simulator/exchanges/simulated/{module_name}.py: expected `EXCHANGE`, a subclass of SimulatedExchange"
        )
    return exchange
