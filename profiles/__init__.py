"""dbt's profiles, and the plugin that gives DuckDB an Iceberg catalog for a lake in a folder."""

import lakehouse  # noqa: F401 # guards pyiceberg, which is set up when it is imported
