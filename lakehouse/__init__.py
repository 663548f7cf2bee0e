"""Iceberg tables in a folder, or in S3 with Glue, written in order and durably.

    lake.py, open.py, local.py, glue.py   what a lake is, which kind an address names, and the two kinds
    table.py, columns.py, raw_table.py    tables as declared, and as found in a lake
    tables.py, readable.py                opens and creates tables, and names files that are damaged
    ledger.py, pending.py                 what has been landed, and which loads are pending
    ledger_commits.py, load_rows.py       append to the ledger
    compaction.py                         keeps the number of files and snapshots small
    catalogs/                             commits: ordered, durable, and refused if another writer was first
    locks/                                one writer at a time
    repair/                               restores a lake after a crash of the machine
    duckdb/                               access to the same tables from DuckDB
    guards/                               protect pyiceberg from other people's settings and from damaged files

Nothing here knows what the rows mean, and nothing knows dbt. Importing this package guards pyiceberg, which reads the
user's settings when it is imported.
"""

from .guards.pyiceberg_here import guard_pyiceberg

guard_pyiceberg()
