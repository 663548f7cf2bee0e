"""Plan what a run will read, and what Athena will charge for it, from the ledger and Iceberg's manifests.

    plan.py      the tables that a run reads and writes
    files.py     the files that are read from a table, and how many of their bytes
    ranges.py    the pending loads, and the stretches of time that they touch
    price.py     what Athena charges
    scanned.py   what a run has read, according to Athena

Nothing is written. A plan is made from the lake, the registry, and the folder and files from which a run would build;
it doesn't need dbt.
"""
