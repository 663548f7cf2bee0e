"""dbt profiles, and the plugin that gives DuckDB a local Iceberg catalog."""

import lakehouse  # noqa: F401 # before pyiceberg, which reads the user's settings when it is imported
