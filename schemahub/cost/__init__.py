"""What a run reads, and costs on Athena: planned from the ledger and Iceberg's manifests, and then told by Athena.

plan.py          the statements that a run sends, and the files that each needs
around_a_run.py  both figures side by side, when a run has ended
"""
