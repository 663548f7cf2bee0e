"""What all lakes have in common: names, table properties, and the number of this layout."""

CATALOG = "schemahub"
NAMESPACE = "schemahub"

DATABASE = "catalog.db"
"""The file that holds the catalog of a lake in a folder."""

COLUMNS_PROPERTY = "schemahub.columns"
"""The property of the loaders' tables that records the field ids of their columns, see `columns.py`."""

VIEWS = "views.duckdb"
"""The file in a lake's folder to which dbt's views are published for readers."""

LAYOUT = 2
"""The layout's number, raised when something stored in a lake changes its name or meaning.

A lake with another number is refused.
"""

LAYOUT_PROPERTY = "schemahub.layout"

MOST_SNAPSHOTS = 60
"""The number of snapshots above which a table that grows by small commits is compacted."""

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # a commit's cost must not grow with the number of commits before it
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "10",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
}
"""The properties of every table."""

LANDED_TABLE_PROPERTIES = TABLE_PROPERTIES | {
    LAYOUT_PROPERTY: str(LAYOUT),
    # pyiceberg would repeat a stale append by itself, and two writers would land the same rows; we decide instead
    "commit.retry.num-retries": "0",
}
"""The properties of the raw tables and the ledger.

Tables that DuckDB writes keep the default number of retries, because DuckDB commits through the REST catalog.
"""
