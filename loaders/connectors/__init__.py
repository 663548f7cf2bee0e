"""One module or package per exchange. The folder is scanned, and each of these must define `CONNECTOR`.

One that knows its exchange's WebSocket defines `STREAM`, too, and a package whose exchange has bulk files for each day
or month defines `BULK` in a module `archives`.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from lakehouse.errors import Misconfigured
from lakehouse.names import known

if TYPE_CHECKING:  # settings need the names alone
    from lakehouse.raw_table import RawTable
    from lakehouse.table import LakeColumn

    from ..bulk import BulkFiles
    from ..connector import Connector
    from ..stream import StreamConnector

_ARCHIVES = "archives"

Columns: TypeAlias = Mapping[str, Sequence["LakeColumn"]]
"""For each raw table, the columns that its mapping declares."""


def load_connectors(columns: Columns) -> "dict[str, Connector]":
    """The connectors of this folder whose raw table has a mapping, by name."""
    every = (load_connector(name) for name in connector_names())
    return {each.name: with_columns(each, columns) for each in every if each.raw.name in columns}


def load_connector(name: str, columns: Columns | None = None) -> "Connector":
    """The connector of an exchange; without `columns` it can send requests but not parse responses.

    Raises:
        Misconfigured: there is no such connector (the message names near matches), or no mapping of its raw table.
    """
    module = importlib.import_module(f"{__name__}.{known(name, connector_names(), what='exchange')}")
    try:
        connector: Connector = module.CONNECTOR
    except AttributeError:
        raise Misconfigured(f"{module.__file__} must define `CONNECTOR`; see ADD_AN_EXCHANGE.md") from None
    return connector if columns is None else with_columns(connector, columns)


def with_columns(connector: "Connector", columns: Columns) -> "Connector":
    """The connector, landing the columns that its mapping declares; raises Misconfigured if it has no mapping."""
    handed: Connector = replace(connector, raw=_declared(connector.raw, columns))  # type: ignore[type-var]
    return handed


def load_stream(name: str, columns: Columns | None = None) -> "StreamConnector | None":
    """What is special about an exchange's WebSocket; None if the project doesn't know it.

    Without `columns` it can subscribe but not parse messages.

    Raises:
        Misconfigured: there is no such exchange (the message names near matches), or no mapping of its raw table.
    """
    module = importlib.import_module(f"{__name__}.{known(name, connector_names(), what='exchange')}")
    stream: StreamConnector | None = getattr(module, "STREAM", None)
    if stream is None or columns is None:
        return stream
    handed: StreamConnector = replace(stream, raw=_declared(stream.raw, columns))  # type: ignore[type-var]
    return handed


def load_bulk(name: str) -> "BulkFiles | None":
    """The bulk files of an exchange; None if it has none for each day or month."""
    if name not in names_with_archives():
        return None
    bulk: BulkFiles = importlib.import_module(f"{__name__}.{name}.{_ARCHIVES}").BULK
    return bulk


def _declared(raw: "RawTable", columns: Columns) -> "RawTable":
    if raw.name not in columns:
        raise Misconfigured(
            f"{raw.source}: no mapping declares the columns of `{raw.name}`; add one in config/mappings/, for "
            f"example {raw.source}_{raw.entity}.yaml, with `source: {raw.name}`"
        )
    return raw.with_columns(columns[raw.name])


def connector_names() -> list[str]:
    """The names of all connectors, without loading them."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def names_with_archives() -> list[str]:
    """The names of the connectors whose exchange has bulk files for each day or month, without loading them."""
    return [
        name
        for name in connector_names()
        if any(module.name == _ARCHIVES for module in pkgutil.iter_modules([f"{path}/{name}" for path in __path__]))
    ]
