"""What a run will read, and cost on Athena: planned from the ledger and Iceberg's manifests. Writes nothing.

    plan.py      the tables that a run reads and writes
    files.py     the files, and the bytes of them, that are read of a table
    ranges.py    the pending loads, and the stretches of time that they touch
    scanned.py   what Athena says that it did read

It is handed the lake, the registry, and the folder and files that a run would build from; it knows nothing of dbt.
"""
