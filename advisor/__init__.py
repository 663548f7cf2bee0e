"""What a run will read, and cost on Athena: planned from the ledger and Iceberg's manifests. Writes nothing.

    plan.py      the statements that a run sends, and the files that each needs
    files.py     the files, and the bytes of them, that a statement reads
    ranges.py    the stretches of time that pending loads touch
    scanned.py   what Athena says that it did read

It is handed the lake and the registry, and knows nothing of dbt but the files that it would run.
"""
