"""Which kind of lake an address names."""

import re
from pathlib import Path

from .errors import Misconfigured
from .lake import Lake
from .local import LocalLake

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+:")


def open_lake(location: str) -> Lake:
    """The lake at `location`: a folder, with or without `file://`, or `s3://bucket/prefix`."""
    if location.startswith("s3://"):
        from .glue import GlueLake  # boto3 takes a quarter of a second, which a folder need not wait

        return GlueLake(location)
    folder = location.removeprefix("file://")
    if _SCHEME.match(folder):  # also s3:/bucket, which nobody means as a folder
        raise Misconfigured(f"lake {location!r}: expected a folder, such as ./lake, or s3://bucket/prefix")
    try:
        return LocalLake(Path(folder).expanduser())
    except RuntimeError as error:  # ~somebody, or links in a circle
        raise Misconfigured(f"lake {location!r}: {error}") from error
