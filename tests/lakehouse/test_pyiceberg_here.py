"""pyiceberg ignores the user's settings and reads within bounds, whichever of it and our packages is imported first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CHECK = """
from pyiceberg.avro import file
from pyiceberg.catalog import load_catalog
from pyiceberg.utils.config import Config

assert Config().config == {}, Config().config
assert file.new_decoder.__module__ == "lakehouse.guards.bounded_decoder", file.new_decoder
assert Config.__module__ == "pyiceberg.utils.config"
"""


@pytest.mark.parametrize(
    "first",
    [
        "import lakehouse.errors",
        "import lakehouse.lake",
        "import loaders.connectors",
        "import profiles",
        "import lakehouse, importlib; importlib.reload(lakehouse)",
        "import lakehouse; import pyiceberg.avro.file",
    ],
)
def test_pyiceberg_is_set_up_by_the_import_of_any_package_of_ours(tmp_path: Path, first: str) -> None:
    (tmp_path / ".pyiceberg.yaml").write_text("catalog: {default: {uri: 'sqlite:////nowhere.db'}}\n")
    finished = subprocess.run(
        [sys.executable, "-c", f"{first}\n{CHECK}"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYICEBERG_CATALOG__DEFAULT__URI": "sqlite:////nowhere.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def test_modules_of_pyiceberg_that_are_loaded_already_are_set_up_too(tmp_path: Path) -> None:
    program = "import pyiceberg.avro.file, pyiceberg.utils.config, lakehouse"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    finished = subprocess.run([sys.executable, "-c", f"{program}\n{CHECK}"], cwd=tmp_path, env=environment, check=False)
    assert finished.returncode == 0
