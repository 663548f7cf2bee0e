"""What every lake has in common: names, the properties of its tables, and the number of this layout."""

CATALOG = "schemahub"
NAMESPACE = "schemahub"

DATABASE = "catalog.db"
"""The file of a lake in a folder that names its tables."""

LAYOUT = 1
"""Rises when what is kept in a lake changes its name or its meaning; a lake of another number is refused."""

LAYOUT_PROPERTY = "schemahub.layout"

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # a commit's cost must not grow with the number of commits before it
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "10",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}
"""Of every table."""

LANDED_TABLE_PROPERTIES = TABLE_PROPERTIES | {
    LAYOUT_PROPERTY: str(LAYOUT),
    # pyiceberg repeats a stale append by itself, so that two writers would land the same rows: we decide instead
    "commit.retry.num-retries": "0",
}
"""Of raw tables and the ledger; those that DuckDB writes keep the default, for it has its own catalog between."""
