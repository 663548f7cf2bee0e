"""What a run of events says of a lake that has no trades yet."""

import pytest

from lakehouse.errors import Misconfigured
from lakehouse.local import LocalLake
from schemahub.runs.context import RunContext
from schemahub.runs.events import find_events
from schemahub.settings import load_settings


def test_events_need_trades_that_are_unified(lake: LocalLake) -> None:
    with pytest.raises(
        Misconfigured, match=r"has no `trades_unified` yet; `schemahub run unify trades_unified` builds"
    ):
        find_events(RunContext(load_settings(lake=str(lake.folder))))
