"""Fetches Trino from Maven Central with Maven, only once, into `~/.cache/schemahub/trino-476`.

476 is the last release whose server is on Maven Central. `trino-server-core` is the engine, to which only the two
plugins that Athena's tables need are added. XDG_CACHE_HOME can name another cache folder than `~/.cache`.

    python -m simulator.aws.trino_install    fetches Trino if it is missing, and says so
"""

import fcntl
import os
import re
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
    """Trino can't be installed here; the message says why in one line."""


def cache_folder() -> Path:
    """The folder, outside the project, for files that are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "schemahub"


def fetch_for_a_person() -> None:
    """Fetch Trino if it is missing, and say so; if it can't be fetched, end the process with the reason."""
    if not _home().exists():
        print(f"Maven fetches Trino, 800 MB, into {cache_folder()}, only once", flush=True)
    try:
        installed_trino()
    except TrinoUnavailable as error:
        sys.exit(f"error: {error}")


def installed_trino() -> Path:
    """Return Trino's folder, with `lib/` and `plugin/`; fetches Trino first if it is missing.

    Raises:
        TrinoUnavailable: Maven is missing, or can't fetch Trino.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    home = _home()
    if home.exists():
        return home
    with _one_at_a_time(cache / f"{home.name}.lock"):
        for unfinished in cache.glob(f"{home.name}.part-*"):
            shutil.rmtree(unfinished)
        if not home.exists():
            part = Path(tempfile.mkdtemp(prefix=f"{home.name}.part-", dir=cache))
            _install(part)
            part.rename(home)  # atomic, so that an existing folder is complete
    return home


def _home() -> Path:
    return cache_folder() / f"trino-{VERSION}"


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(home: Path) -> None:
    if shutil.which("mvn") is None:
        raise TrinoUnavailable(
            f"Trino {VERSION} is fetched by Maven, and there is no `mvn`; install Maven and Java, and run this again"
        )
    server = _fetch(f"trino-server-core:{VERSION}:tar.gz", home)
    with tarfile.open(server) as archive:
        _unpack_libraries(archive, home)
    server.unlink()
    for name in PLUGINS:
        plugin = _fetch(f"trino-{name}:{VERSION}:zip", home)
        with zipfile.ZipFile(plugin) as files:
            files.extractall(home / "plugin")
        (home / "plugin" / f"trino-{name}-{VERSION}").rename(home / "plugin" / name)
        plugin.unlink()


def _unpack_libraries(archive: tarfile.TarFile, home: Path) -> None:
    # The plugins in the archive are not needed, and are slow to load.
    for member in archive:
        name = member.name.partition("/")[2]
        content = archive.extractfile(member) if name.startswith("lib/") and ".." not in name.split("/") else None
        if content is not None:  # a file, or a link to one
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            with content, (home / name).open("wb") as target:
                shutil.copyfileobj(content, target)


def _fetch(artifact: str, folder: Path) -> Path:
    copy = ["dependency:copy", f"-Dartifact=io.trino:{artifact}", f"-DoutputDirectory={folder}"]
    command = ["mvn", "-q", "-B", *copy]
    try:
        finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise TrinoUnavailable(f"Maven did not fetch io.trino:{artifact} within {_TIMEOUT_S} s; try again") from None
    if finished.returncode:
        error = re.search(r"\[ERROR\] (\S.*)", finished.stdout)
        said = " ".join((error[1] if error else finished.stderr).split())
        raise TrinoUnavailable(
            f"Maven could not fetch io.trino:{artifact}; it needs Java and access to Maven Central. It said: {said}"
        )
    name, version, kind = artifact.split(":")
    return folder / f"{name}-{version}.{kind}"


if __name__ == "__main__":
    fetch_for_a_person()
