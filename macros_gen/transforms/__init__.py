"""The SQL of the transforms for each engine; `registry.transforms` defines what each one means, takes and gives."""

from collections.abc import Mapping

from . import core, market
from .engines import EngineSql

SQL: Mapping[str, EngineSql] = {**core.SQL, **market.SQL}
"""The SQL of each transform, by its name."""
