"""No part of the local Athena can be reached from another machine."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from simulator.aws.local_athena import LocalAthena


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux shows which process listens where")
def test_everything_listens_on_this_machine_alone(athena: LocalAthena) -> None:
    listening = listeners_of_descendants()
    ports = {int(address.rpartition(":")[2], 16) for address in listening}
    assert {httpx.URL(address).port for address in (athena.endpoint, athena.s3_endpoint, athena.trino)} <= ports
    # 127.0.0.1, as the kernel writes it for IPv4 and for IPv4 in IPv6
    assert {address.rpartition(":")[0] for address in listening} <= {"0100007F", "0000000000000000FFFF00000100007F"}


def listeners_of_descendants() -> list[str]:
    """The `<address>:<port>`, in hexadecimal, where our child processes and theirs listen: proc(5), /proc/net/tcp."""
    parents = {int(each.parent.name): _parent(each) for each in Path("/proc").glob("[0-9]*/stat")}
    ours = {os.getpid()}
    while more := {process for process, parent in parents.items() if parent in ours} - ours:
        ours |= more
    ours.remove(os.getpid())
    sockets = {name for process in ours for name in _open_files(process) if name.startswith("socket:")}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:  # TCP_LISTEN
                found.append(fields[1])
    return found


def _parent(stat: Path) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended since
        return int(stat.read_text().rpartition(")")[2].split()[1])
    return 0


def _open_files(process: int) -> Iterator[str]:
    with suppress(FileNotFoundError):
        for file in Path("/proc", str(process), "fd").iterdir():
            with suppress(FileNotFoundError):
                yield os.readlink(file)
