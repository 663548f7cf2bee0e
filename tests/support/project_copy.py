"""A copy of the project in another folder, for tests that change its files and then use it as a user does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.warm_python import can_be_warm, warm_python

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent.name for path in PROJECT.glob("*/__init__.py"))


def copy_project(root: Path) -> Path:
    """Copy what the project needs to run and to test itself to `root`, which must exist.

    Bytecode is copied with the files that it was compiled from, and is as valid there.
    """
    for folder in (*PACKAGES, "config", "dbt_project", "tests"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copy(PROJECT / "pyproject.toml", root)
    return root


def run(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the project, with the settings that its files have and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCHEMAHUB_", "PYTEST_"))}
    there = {**kept, "TZ": "UTC", "PYTHONPATH": str(project), **environment}
    if arguments[0] == "-m" and arguments[1] in PACKAGES and can_be_warm(there):
        return warm_python().run(arguments, environment=there, folder=project, timeout=600)
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=there, capture_output=True, text=True, check=False
    )
