"""Lakes in folders that take turns in one place, where a lake that was built once is copied for each test.

A copy works only where the lake was, because Iceberg's metadata contain absolute addresses.
"""

import shutil
from pathlib import Path

from lakehouse.duckdb.catalog_process import _close_catalogs
from profiles.local_iceberg import release_views
from tests.support.lakes import LakeHome, local_home


class OnePlace:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lake = folder / "lake"

    def emptied(self) -> LakeHome:
        """The place without the lake that was there, if any."""
        self._leave()
        shutil.rmtree(self._lake, ignore_errors=True)
        return local_home(self._folder)

    def keep(self, name: str) -> None:
        """Keep a copy of the lake as it is now."""
        release_views()
        shutil.copytree(self._lake, self._kept(name))

    def has(self, name: str) -> bool:
        return self._kept(name).exists()

    def restored(self, name: str) -> LakeHome:
        """The place with the lake that was kept, as it was then."""
        home = self.emptied()
        shutil.copytree(self._kept(name), self._lake)
        return home

    def _kept(self, name: str) -> Path:
        return self._folder / "kept" / name

    def _leave(self) -> None:
        release_views()
        _close_catalogs()  # the catalog of the lake that is removed
