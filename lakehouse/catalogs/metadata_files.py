"""pyiceberg's access to files of this machine, without pyarrow, whose import takes as long as planning itself.

Enough to read metadata, manifest lists and manifests, and so to plan what is read of a table.
"""

from pathlib import Path
from typing import NoReturn

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile

from .pointers import path_of


class MetadataFiles(FileIO):
    """Reads files; writes and removes none."""

    def new_input(self, location: str) -> InputFile:
        return _MetadataFile(location)

    def new_output(self, location: str) -> NoReturn:
        raise NotImplementedError(f"{location} was opened to plan what is read, and not to be written")

    def delete(self, location: str | InputFile | OutputFile) -> NoReturn:
        raise NotImplementedError(f"{location} was opened to plan what is read, and not to be removed")


class _MetadataFile(InputFile):
    @property
    def _path(self) -> Path:
        return path_of(self.location)

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002 - pyiceberg's signature
        return self._path.open("rb")
