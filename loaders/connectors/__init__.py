"""One module per exchange. A module in this folder is registered by being there; it offers `CONNECTOR`."""

import importlib
import pkgutil

from lakehouse.errors import Misconfigured
from lakehouse.names import known

from ..connector import Connector


def load_connectors() -> dict[str, Connector]:
    """Every connector in this folder, by name."""
    return {name: load_connector(name) for name in connector_names()}


def load_connector(name: str) -> Connector:
    """The connector of the exchange `name`; raises Misconfigured where there is none, naming near matches."""
    module = importlib.import_module(f"{__name__}.{known(name, connector_names(), what='exchange')}")
    try:
        connector: Connector = module.CONNECTOR
    except AttributeError:
        raise Misconfigured(f"{module.__file__} must define `CONNECTOR`; see ADD_AN_EXCHANGE.md") from None
    return connector


def connector_names() -> list[str]:
    """The exchanges there are; loads none of the modules."""
    return [module.name for module in pkgutil.iter_modules(__path__)]
