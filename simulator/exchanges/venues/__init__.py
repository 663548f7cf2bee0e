"""One venue is one module here: the folder is scanned, a file that exposes `VENUE` is registered."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from simulator.exchanges.venue import Venue


@cache
def venues() -> dict[str, type[Venue]]:
    """All venues by name, in alphabetical order.

    Raises:
        TypeError: for a module of this folder without a `VENUE`.
    """
    found = [_load(module.name) for module in iter_modules(__path__)]
    return {venue.name: venue for venue in sorted(found, key=lambda venue: venue.name)}


def _load(module_name: str) -> type[Venue]:
    venue = getattr(import_module(f"{__name__}.{module_name}"), "VENUE", None)
    if not (isinstance(venue, type) and issubclass(venue, Venue)):
        raise TypeError(f"simulator/exchanges/venues/{module_name}.py: expected `VENUE`, a subclass of Venue")
    return venue
