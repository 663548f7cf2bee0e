"""One module per exchange. A module in this folder is registered by being there; it offers `CONNECTOR`."""

import difflib
import importlib
import pkgutil

from ..connector import Connector
from ..exceptions import Misconfigured


def load_connectors() -> dict[str, Connector]:
    """Every connector in this folder, by name."""
    return {name: _load(name) for _, name, _ in pkgutil.iter_modules(__path__)}


def load_connector(name: str) -> Connector:
    """The connector of the exchange `name`; raises Misconfigured where there is none, naming near matches."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"did you mean `{near[0]}`? " if near else ""
        raise Misconfigured(f"unknown exchange `{name}`: {hint}use one of: {', '.join(names)}")
    return _load(name)


def _load(name: str) -> Connector:
    module = importlib.import_module(f"{__name__}.{name}")
    try:
        connector: Connector = module.CONNECTOR
    except AttributeError:
        raise Misconfigured(f"{module.__file__} must define `CONNECTOR`; see ADD_AN_EXCHANGE.md") from None
    return connector
