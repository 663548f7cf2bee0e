"""The triggers that start the Glue jobs on schedule, and the runs of the jobs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lakehouse.errors import TerminalError

NAMES = ("schemahub-ingest", "schemahub-unify")
"""The names of the jobs. A job's trigger has the same name."""

_PAUSE_S = 1
_IS_OVER = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}


class JobIsRunning(TerminalError):
    """A run of a Glue job is writing to the lake."""


@dataclass(frozen=True)
class Schedule:
    """The triggers and jobs of one account and region."""

    glue: Any

    def triggers(self, *states: str) -> list[str]:
        """Our triggers in one of the given states, for example ACTIVATED."""
        pages = self.glue.get_paginator("get_triggers").paginate()
        triggers = [trigger for page in pages for trigger in page["Triggers"]]
        return [each["Name"] for each in triggers if each["Name"] in NAMES and each["State"] in states]

    def start(self, triggers: Sequence[str]) -> None:
        for name in triggers:
            self.glue.start_trigger(Name=name)

    def stop(self, triggers: Sequence[str]) -> None:
        for name in triggers:
            self.glue.stop_trigger(Name=name)
        while self.triggers("DEACTIVATING"):  # otherwise they could not be started again
            time.sleep(_PAUSE_S)

    def check_nothing_runs(self) -> None:
        """Raise JobIsRunning, naming the run and what to do."""
        for name in NAMES:
            try:
                runs = self.glue.get_job_runs(JobName=name)["JobRuns"]
            except self.glue.exceptions.EntityNotFoundException:
                continue
            for run in runs:
                if run["JobRunState"] not in _IS_OVER:
                    raise JobIsRunning(
                        f"Glue job `{name}` is {run['JobRunState']}, run {run['Id']}; wait until it has ended, or stop "
                        f"it (aws glue batch-stop-job-run --job-name {name} --job-run-ids {run['Id']}), "
                        "and then run this again"
                    )
