"""Iceberg tables in a folder, or in S3 with Glue, written in order and durably.

    lake.py, open.py, local.py, glue.py   what a lake is, which kind an address names, and the two kinds
    table.py, columns.py, raw_table.py    tables as they are declared, and as they are found
    ledger.py, load_rows.py, pending.py   what was landed, and what of it waits to be unified
    compaction.py                         few files and few snapshots
    catalogs/                             commits: ordered, durable, refused where somebody else was first
    locks/                                one writer at a time
    repair/                               a lake after a crash of the machine
    duckdb/                               the same tables for DuckDB
    guards/                               pyiceberg kept from other people's settings and from damaged files

Nothing here knows what the rows mean, or dbt. What is imported below comes before pyiceberg, which reads the user's
settings when it is imported.
"""

from .guards.pyiceberg_here import leave_aside_settings_of_others, read_avro_within_bounds

leave_aside_settings_of_others()
read_avro_within_bounds()
