"""Tells of what a listener hears, and lands nothing.

watch = Watch(listener, on_run=show)
watch.run(stop)
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from lakehouse.errors import SchemaHubError

from .pace import Pace
from .runs import Run
from .stream import Listener

_SLICE = 0.1
"""The seconds for which rows wait in the listener at most, so that whoever is told of them hears soon."""


@dataclass
class Watch:
    """One listener whose rows are kept nowhere. `run` belongs to one thread; the rest may be read by any."""

    listener: Listener
    on_run: Callable[[Run], None] | None = None
    """Called in this watch's thread for every run."""
    pace: Pace = field(default_factory=Pace)

    def run(self, stop: threading.Event) -> None:
        """Listen until `stop` is set or the listener ends by itself.

        Raises:
            SchemaHubError: the listener ended by itself.
        """
        with self.listener:
            while not stop.is_set():
                try:
                    runs = self.listener.take(_SLICE)
                except SchemaHubError:
                    if stop.is_set():
                        return
                    raise
                if not runs and self.listener.is_over:
                    return
                self.pace.note(runs)
                if self.on_run is not None:
                    for run in runs:
                        self.on_run(run)
