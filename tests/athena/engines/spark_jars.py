"""Fetches the jars that Spark needs from Maven Central with Maven, only once, into `~/.cache/schemahub/jars`.

XDG_CACHE_HOME can name another cache folder than `~/.cache`.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

_TIMEOUT_S = 600


def jars(coordinates: Sequence[str]) -> list[Path]:
    """The files of artifacts such as `org.xerial:sqlite-jdbc:3.50.3.0`; raises RuntimeError if one can't be fetched."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "schemahub", "jars")
    cache.mkdir(parents=True, exist_ok=True)
    return [_jar(coordinate, cache) for coordinate in coordinates]


def _jar(coordinate: str, cache: Path) -> Path:
    _, artifact, version = coordinate.split(":")
    jar = cache / f"{artifact}-{version}.jar"
    if not jar.exists():
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _fetch(coordinate, Path(folder))
            Path(folder, jar.name).rename(jar)  # atomic, so that an existing file is complete
    return jar


def _fetch(coordinate: str, folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise RuntimeError(f"{coordinate} is fetched by Maven, and there is no `mvn`; install Maven and run this again")
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={coordinate}", f"-DoutputDirectory={folder}"]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if finished.returncode:
        said = re.findall(r"\[ERROR\] (.+)", finished.stdout) or [finished.stderr.strip()]
        raise RuntimeError(f"Maven could not fetch {coordinate}: {said[0]}")
