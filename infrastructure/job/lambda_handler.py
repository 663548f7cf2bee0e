"""SchemaHub in a Lambda function, built by the Dockerfile next to this file.

    {"run": "ingest", "command": "run ingest"}
    {"run": "unify", "command": "run unify trades_unified && run events"}

The function's environment names the lake in SCHEMAHUB_LAKE. Lambda ends a function after at most 15 minutes; the next
run continues where an interrupted one stopped.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from schemahub.settings import PROJECT

from .glue_job import report_success, run


def handler(event: dict[str, str], _: Any) -> dict[str, str]:
    """Run the event's command and count its success; raises RunFailed, and ValueError for another event."""
    if event.keys() != {"run", "command"} or "SCHEMAHUB_LAKE" not in os.environ:
        raise ValueError('expected an event such as {"run": "ingest", "command": "run ingest"}, and SCHEMAHUB_LAKE')
    # all folders but one are read-only, and DuckDB creates an empty folder `data` where it runs
    scratch = tempfile.gettempdir()
    settings = {"HOME": scratch, "XDG_CACHE_HOME": scratch}
    run(event["command"], PROJECT, settings, module="infrastructure.job.without_semaphores", folder=Path(scratch))
    report_success(event["run"])
    return event
