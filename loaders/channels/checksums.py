"""Checksums of files, and the small files beside them that say what they must be."""

import hashlib
import re
from pathlib import Path

from lakehouse.printable import printable

from .files import BadFile

_SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 1_000
"""The maximum length of a checksum file in characters."""


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file as hexadecimal digits; raises BadFile if it can't be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadFile(f"{path}: can't be read: {error.strerror}") from error


def sha256_in(checksum: str) -> str | None:
    """The SHA-256 in the text of a checksum file, in small letters; None if there is none."""
    digits = checksum.strip().partition(" ")[0].lower()
    return digits if _SHA256.fullmatch(digits) and len(checksum) <= LONGEST else None


def compare(path: Path, found: str, checksum: str) -> None:
    """Compare a file's SHA-256 with the text of its checksum file, as `sha256sum` writes it; raises BadFile."""
    expected, name = sha256_in(checksum), checksum.strip().partition(" ")[2].strip().removeprefix("*")
    if expected is None:
        raise BadFile(
            f"{path}: its checksum file is {printable(checksum, 60)!r}; expected 64 hexadecimal digits and a name"
        )
    if name and name != path.name:
        raise BadFile(f"{path}: its checksum file is of another file, {printable(name, 100)!r}; fetch both again")
    if found != expected:
        raise BadFile(f"{path}: its SHA-256 is {found}, expected {expected}; fetch it again")
