"""Which kind of lake an address names: the one place that decides it."""

import re
from pathlib import Path

from .errors import Misconfigured
from .lake import Engine, Lake
from .local import LocalLake

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


def engine_of(location: str) -> Engine:
    """The engine of the lake at `location`; doesn't access the lake."""
    return "athena" if location.startswith("s3://") else "duckdb"


def open_lake(location: str) -> Lake:
    """The lake at `location`: a folder, with or without `file://`, or `s3://bucket/prefix`."""
    if engine_of(location) == "athena":
        from .glue import GlueLake  # importing boto3 takes 0.25 s, which a folder doesn't need

        return GlueLake(location)
    folder = location.removeprefix("file://")
    if _SCHEME.match(folder):  # also s3:/bucket, which is surely not meant as a folder
        raise Misconfigured(f"lake {location!r}: expected a folder, such as ./lake, or s3://bucket/prefix")
    try:
        return LocalLake(Path(folder).expanduser())
    except RuntimeError as error:  # an unknown ~user, or a loop of symbolic links
        raise Misconfigured(f"lake {location!r}: {error}") from error


def folder_lake(lake: Lake, *, otherwise: str) -> LocalLake:
    """The lake, if it is in a folder; otherwise raises Misconfigured with the message `otherwise`."""
    if not isinstance(lake, LocalLake):
        raise Misconfigured(otherwise)
    return lake
