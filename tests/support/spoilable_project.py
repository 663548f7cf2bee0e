"""A project in a temporary folder, with the real `config/`, which tests may damage, and nothing generated for dbt."""

import shutil
from pathlib import Path

import pytest

from registry.registry import PROJECT, Registry, RegistryError, load_registry


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(PROJECT / "config", root / "config")
        others = shutil.ignore_patterns("generated", "target", "logs")
        shutil.copytree(PROJECT / "dbt_project", root / "dbt_project", ignore=others)

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.root / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new, 1))

    def load(self) -> Registry:
        return load_registry(self.root)

    def problems(self) -> list[str]:
        with pytest.raises(RegistryError) as caught:
            self.load()
        return caught.value.problems
