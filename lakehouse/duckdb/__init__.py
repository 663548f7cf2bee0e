"""Give DuckDB access to the lake's tables, through a REST catalog on the loopback interface."""
