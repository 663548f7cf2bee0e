"""Which packages a command imports."""

import subprocess
import sys

HEAVY = {"boto3", "dbt", "dlt", "duckdb", "httpx", "pyarrow", "pydantic", "pyiceberg", "simulator", "sqlalchemy"}


def heavy_imports(*arguments: str) -> set[str]:
    """The heavy packages that a command imports, as Python itself lists them."""
    command = [sys.executable, "-X", "importtime", "-m", "schemahub", *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2_000:]
    lines = (line for line in finished.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines} & HEAVY
