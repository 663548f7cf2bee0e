"""AWS on this machine with an Athena that executes: moto, the front, and a real Trino.

    with local_athena.running() as athena, athena.in_use():
        boto3.client("athena").start_query_execution(...)

It listens on 127.0.0.1 only, and its buckets and tables are lost when it ends. `background_athena` runs one until a
person stops it.
"""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from simulator.aws.child import HOST, started
from simulator.aws.local_aws import LocalAws

_PORTS = range(20_000, 32_000)
"""A range of ports below those that systems assign, so that no other process gets the port before Trino starts."""


@dataclass(frozen=True)
class LocalAthena(LocalAws):
    """A running local AWS with an Athena."""

    trino: str
    """The address of Trino itself, for debugging."""


@contextmanager
def running() -> Iterator[LocalAthena]:
    """Run a local Athena for the duration of a `with` block; raises NotStarted."""
    with ExitStack() as stack:
        port = _free_port()
        trino = f"http://{HOST}:{port}"
        moto = stack.enter_context(started("simulator.aws.moto_process"))
        front = stack.enter_context(started("simulator.aws.front", moto, trino))
        stack.enter_context(started("simulator.aws.trino_process", str(port), front, moto))
        yield LocalAthena(front, moto, trino)


def _free_port() -> int:
    # Trino must know its port before it starts, so it can't be left to the system
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)):
                return port
    raise RuntimeError(f"no free port found between {_PORTS.start} and {_PORTS.stop}")
