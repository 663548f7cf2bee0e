"""The lake's tables for DuckDB: it reads them as they are, and writes them through a REST catalog on loopback."""
