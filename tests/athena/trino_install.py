"""Trino, fetched from Maven Central by Maven, once, into `~/.cache/schemahub/trino-476`.

476 is the last release whose server is on Maven Central. `trino-server-core` is the engine, and of the plugins that it
can have, only the two that Athena's tables need are added. XDG_CACHE_HOME names another cache folder than `~/.cache`.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSION = "476"
PLUGINS = ("iceberg", "hive")

_TIMEOUT_S = 1800


class TrinoUnavailable(RuntimeError):
    """Trino can't be had here; the message says why in one line."""


def cache_folder() -> Path:
    """Where equipment is kept between runs, outside the project."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "schemahub"


def installed_trino() -> Path:
    """The folder of Trino, with `lib/` and `plugin/`; fetched first where it is missing.

    Raises:
        TrinoUnavailable: where Maven is missing, or can't fetch it.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"trino-{VERSION}"
    if home.exists():
        return home
    with _one_at_a_time(cache / f"{home.name}.lock"):
        for unfinished in cache.glob(f"{home.name}.part-*"):
            shutil.rmtree(unfinished)
        if not home.exists():
            part = Path(tempfile.mkdtemp(prefix=f"{home.name}.part-", dir=cache))
            _install(part)
            part.rename(home)  # at once, so that what is there is whole
    return home


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(home: Path) -> None:
    print(f"fetching Trino {VERSION} from Maven Central: 800 MB, once, into {home.parent}", file=sys.stderr, flush=True)
    server = _fetch(f"trino-server-core:{VERSION}:tar.gz", home)
    with tarfile.open(server) as archive:
        archive.extractall(home, filter=_library)
    server.unlink()
    for name in PLUGINS:
        plugin = _fetch(f"trino-{name}:{VERSION}:zip", home)
        with zipfile.ZipFile(plugin) as files:
            files.extractall(home / "plugin")
        (home / "plugin" / f"trino-{name}-{VERSION}").rename(home / "plugin" / name)
        plugin.unlink()


def _library(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    # The plugins that come with it are not needed, and slow to load.
    name = member.name.partition("/")[2]
    if not name.startswith("lib/"):
        return None
    return tarfile.data_filter(member.replace(name=name), folder)


def _fetch(artifact: str, folder: Path) -> Path:
    if shutil.which("mvn") is None:
        raise TrinoUnavailable(
            f"Trino {VERSION} is fetched by Maven, and there is no `mvn`; install Maven with a Java, and run this again"
        )
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact=io.trino:{artifact}", f"-DoutputDirectory={folder}"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if finished.returncode:
        said = next((line for line in finished.stdout.splitlines() if line.startswith("[ERROR]")), finished.stderr)
        raise TrinoUnavailable(f"Maven could not fetch io.trino:{artifact} from Maven Central: {said.strip()}")
    name, version, kind = artifact.split(":")
    return folder / f"{name}-{version}.{kind}"
