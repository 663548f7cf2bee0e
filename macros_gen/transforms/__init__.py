"""The SQL of the transforms on each engine; `registry.transforms` says what they mean, take and give."""

from collections.abc import Mapping

from . import core, market
from .engines import EngineSql

SQL: Mapping[str, EngineSql] = {**core.SQL, **market.SQL}
"""The SQL of every transform, by the transform's name."""
