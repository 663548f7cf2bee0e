"""dbt profiles, and the plugin that gives DuckDB a local Iceberg catalog."""
