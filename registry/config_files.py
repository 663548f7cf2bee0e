"""Read the files of one folder of `config/`: the contents of valid files, and what is wrong with the others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Generic

from .problems import RegistryError
from .read_config import File, read_config

_FILE_STEM = re.compile(r"[A-Za-z0-9_-]+\Z")
"""The allowed file names. Generated files name their origin, so the name must mean nothing in SQL or to dbt."""

SEED_FILES = "product_ids_seed*.yaml"
"""The names of the files in config/mappings/ that say what to load. They are the user's, and not mappings."""


@dataclass(frozen=True)
class ConfigFiles(Generic[File]):
    """Files, or a folder that can't be read, by path relative to the project's folder, sorted by name."""

    found: dict[str, File | RegistryError]

    @property
    def read(self) -> dict[str, File]:
        return {path: file for path, file in self.found.items() if not isinstance(file, RegistryError)}

    @property
    def problems(self) -> list[str]:
        errors = (error for error in self.found.values() if isinstance(error, RegistryError))
        return [line for error in errors for line in error.problems]


def read_folder(root: Path, folder: str, kind: type[File], *, ignored: str = "") -> ConfigFiles[File]:
    """The files of `root`/config/`folder` whose names end in .yaml, without those that match the pattern `ignored`."""
    shown_as = f"config/{folder}"
    try:
        return ConfigFiles(dict(_files(root / shown_as, shown_as, kind, ignored)))
    except FileNotFoundError:
        problem = "is missing; create the folder, or restore it with git"
    except OSError as error:
        problem = f"can't be read: {error.strerror}"
    return ConfigFiles({shown_as: RegistryError([f"{shown_as}: {problem}"])})


def read_file(root: Path, file: str, kind: type[File]) -> ConfigFiles[File]:
    """A single file, at `root`/`file`."""
    return ConfigFiles({file: _read(root / file, file, kind)})


def _files(folder: Path, shown_as: str, kind: type[File], ignored: str) -> Iterator[tuple[str, File | RegistryError]]:
    for path in sorted(folder.iterdir()):
        file = f"{shown_as}/{path.name}"
        if path.name.startswith(".") or fnmatchcase(path.name, ignored):  # editors leave hidden files
            continue
        if problem := _name_problem(path):
            yield file, RegistryError([f"{file}: {problem}"])
        elif path.suffix == ".yaml":
            yield file, _read(path, file, kind)


def _name_problem(path: Path) -> str | None:
    if path.suffix.lower() in (".yml", ".yaml") and path.suffix != ".yaml":
        return f"name it {path.stem}.yaml; other endings aren't read"
    if path.suffix == ".yaml" and not _FILE_STEM.match(path.stem):
        return "the name must consist of letters, digits, `_` and `-`; rename the file or move it"
    return None


def _read(path: Path, file: str, kind: type[File]) -> File | RegistryError:
    try:
        return read_config(path, kind, shown_as=file)
    except RegistryError as error:
        return error
