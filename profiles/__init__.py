"""dbt's profiles, and the plugin that gives DuckDB an Iceberg catalog for a lake in a folder."""

import lakehouse  # noqa: F401 # must come before pyiceberg, which reads the user's settings when it is imported
