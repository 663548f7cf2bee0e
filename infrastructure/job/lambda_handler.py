"""SchemaHub in a Lambda function, built by the Dockerfile next to this file.

    {"run": "ingest", "command": "run ingest"}
    {"run": "unify", "command": "run unify trades_unified"}

The function's environment names the lake, SCHEMAHUB_LAKE. A function ends after 15 minutes at the latest; the next run
continues one that was cut off.
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
