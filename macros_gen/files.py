"""Compare the generated files with those in the tree, and write them."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from .render import FOLDERS

_TEMPORARY = ".generated-"
_LEFT_BEHIND_SECONDS = 3600


def differences(root: Path, wanted: Mapping[str, str]) -> list[str]:
    """Return one line for each file in which the tree differs from `wanted`; none if nothing is stale."""
    found = _found(root, wanted)
    lines = [f"missing: {path}" for path in wanted.keys() - found.keys()]
    lines += [f"not generated: {path}" for path in found.keys() - wanted.keys()]
    lines += [
        f"stale: {path}" for path in wanted.keys() & found.keys() if found[path].read_bytes() != wanted[path].encode()
    ]
    return sorted(lines, key=lambda line: line.partition(": ")[2])


def _found(root: Path, wanted: Iterable[str]) -> dict[str, Path]:
    """Return all files in the generated folders, and the generated files that lie elsewhere among handwritten ones."""
    every = {path for folder in FOLDERS for path in (root / folder).rglob("*")} | {root / path for path in wanted}
    return {path.relative_to(root).as_posix(): path for path in every if path.is_file()}


def write(root: Path, wanted: Mapping[str, str]) -> None:
    """Make the generated folders hold `wanted` and nothing else.

    All files are first written to a temporary folder, so that an error leaves the old files untouched. Then each file
    is replaced atomically: a kill leaves no file half-written or missing, and the next call replaces the rest.
    """
    _remove_left_behind(root)
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=root) as temporary:
        for path, text in wanted.items():
            Path(temporary, path).parent.mkdir(parents=True, exist_ok=True)
            Path(temporary, path).write_text(text, encoding="utf-8", newline="\n")
        for path in wanted:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(temporary, path), root / path)
    for path, found in _found(root, wanted).items():
        if path not in wanted:
            found.unlink()


def _remove_left_behind(root: Path) -> None:
    for folder in root.glob(f"{_TEMPORARY}*"):
        if time.time() - folder.stat().st_mtime > _LEFT_BEHIND_SECONDS:  # a younger one may be in use
            shutil.rmtree(folder, ignore_errors=True)
