"""All connectors, with the columns that the project's mappings declare."""

from loaders.connectors import load_connectors
from registry.registry import load_registry
from schemahub.runs.raw_tables import declared_columns

COLUMNS = declared_columns(load_registry())
CONNECTORS = load_connectors(COLUMNS)
