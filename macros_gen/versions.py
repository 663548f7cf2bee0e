"""The versions of mappings, by which a run tells whether loads were unified as they would be now."""

import hashlib

from registry.registry import Mapping, Registry

from . import express
from .fill import fill
from .transforms import SQL
from .transforms.engines import ENGINES


def mapping_versions(registry: Registry) -> dict[str, str]:
    """Return for each raw table a digest of how its rows are unified: 12 hex digits.

    It changes with the staging model's SQL, the SQL of the transforms that the model uses, the target's key, and the
    rule for which row of a key wins. It doesn't change with descriptions, examples or file names.
    """
    return {mapping.source: _version(mapping) for mapping in registry.mappings}


def _version(mapping: Mapping) -> str:
    _, _, sql = staging_sql(mapping).partition("\n")  # the first line names the file
    used = [transform for name, transform in SQL.items() if f"{{{{ {name}(" in sql]
    parts = [sql, *(transform.on(engine, "{}") for transform in used for engine in ENGINES)]
    parts += [*mapping.target.key, *mapping.target.first_wins_by]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def staging_sql(mapping: Mapping) -> str:
    """Return the SQL of the staging model."""
    return fill("staging.sql", mapping=mapping, express=express)
