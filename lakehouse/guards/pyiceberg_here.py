"""Set pyiceberg up for use here: it ignores the user's settings and is safe from damaged files."""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any


def guard_pyiceberg() -> None:
    """Change two modules of pyiceberg as soon as they are imported, or now if they already are.

    Importing pyiceberg takes a third of a second, which commands that open no table don't need.
    """
    for name, change in _CHANGES.items():
        if name in sys.modules:
            change(sys.modules[name])
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _leave_aside_settings_of_others(config: Any) -> None:
    """Make pyiceberg ignore `.pyiceberg.yaml`, which it looks for in three folders, and PYICEBERG_* variables.

    These settings are meant for the user's own catalogs. Some would change what is written here, and a file that can't
    be read makes the import of pyiceberg fail, so this must come before the rest of that import.
    """
    config.Config._from_configuration_files = staticmethod(lambda: None)
    config.Config._from_environment_variables = staticmethod(lambda settings: settings)


def _read_avro_within_bounds(file: Any) -> None:
    """Make pyiceberg read manifests and manifest lists with a decoder that never reads beyond the file's bytes."""
    from .bounded_decoder import bounded_decoder

    file.new_decoder = bounded_decoder  # imported into that module and called by this name


_CHANGES: Mapping[str, Callable[[Any], None]] = {
    "pyiceberg.utils.config": _leave_aside_settings_of_others,
    "pyiceberg.avro.file": _read_avro_within_bounds,
}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules to change as Python does, and has them changed when they are loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if name in _CHANGES else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def exec_module(self, module: ModuleType) -> None:
        """Load the module by its own loader, which the module keeps, and change it."""
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _CHANGES[module.__name__](module)
