"""What the last good run of a target left behind, so that a run that has nothing to do is known before dbt is imported.

    <work folder>/last-run-<target>.json

A run depends on the tables and views of its lake, and on the project: its files, the settings that dbt is given, and
the versions of the packages that do the work. The file holds both as they were at the end of the run. Where in doubt
there is no such file: a run removes it before it starts, and writes it only if it ended well and left nothing pending.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path

import msgspec

from lakehouse.lake import Lake, Written
from registry.config_files import SEED_FILES

from ..settings import PROJECT, Settings

_FOLDERS = ("config", "dbt_project", "profiles")
_BUILT = ("target", "logs", "dbt_packages", "__pycache__")
"""Folders that dbt and Python write themselves."""

_PACKAGES = ("schemahub", "dbt-core", "dbt-adapters", "pyiceberg")
_OF_THE_ENGINE = {"duckdb": ("dbt-duckdb", "duckdb"), "athena": ("dbt-athena-community",)}


class Left(msgspec.Struct, frozen=True):
    """The lake and the project as a run left them."""

    written: Written
    project: str


def now(lake: Lake, settings: Settings, *, root: Path = PROJECT) -> Left:
    """The lake and the project in `root` as they are; reads the project's files and the lake's catalog alone."""
    return Left(lake.written(), _digest(lake, settings, root))


def last(lake: Lake, target: str) -> Left | None:
    """What the last good run of `target` left; None if there is none, or if it can't be told."""
    try:
        return msgspec.json.decode(_file(lake, target).read_bytes(), type=Left)
    except (OSError, msgspec.MsgspecError):
        return None


def remember(lake: Lake, target: str, left: Left) -> None:
    """Keep what a run left. The file is written whole or not at all, and a lost one costs only a run of dbt."""
    file = _file(lake, target)
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(left))
    part.replace(file)


def forget(lake: Lake, target: str) -> None:
    """Remove what an earlier run left, because a new one begins."""
    with suppress(FileNotFoundError):
        _file(lake, target).unlink()


def _file(lake: Lake, target: str) -> Path:
    return lake.work_folder / f"last-run-{target}.json"


def _digest(lake: Lake, settings: Settings, root: Path) -> str:
    digest = hashlib.sha256()
    for path in _files(root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)}\0{len(content)}\0".encode() + content)
    packages = {name: version(name) for name in (*_PACKAGES, *_OF_THE_ENGINE[lake.engine])}
    digest.update(msgspec.json.encode([lake.engine, settings.dbt_environment, packages]))
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            left_out = any(part in _BUILT or part.startswith(".") for part in parts)
            if path.is_file() and not left_out and not fnmatchcase(path.name, SEED_FILES):  # no model depends on seeds
                yield path
