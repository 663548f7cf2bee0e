"""`schemahub generate` writes the generated files, and says which ones are stale."""

import shutil
from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured
from registry.registry import RegistryError
from schemahub.runs.generate import StaleFiles, check_generated, generate
from schemahub.settings import PROJECT
from tests.support.command_line import Cli

MODEL = "dbt_project/models/generated/trades_unified.sql"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the same registry, and nothing generated."""
    (tmp_path / "config").symlink_to(PROJECT / "config")
    others = shutil.ignore_patterns("generated", "target", "logs")
    shutil.copytree(PROJECT / "dbt_project", tmp_path / "dbt_project", ignore=others)
    return tmp_path


def test_the_projects_own_files_are_up_to_date(cli: Cli) -> None:
    checked = cli("generate", "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.endswith(" generated files are up to date\n")


def test_what_is_missing_or_stale_is_named_and_then_written(project: Path) -> None:
    with pytest.raises(StaleFiles, match=f"missing: {MODEL}"):
        check_generated(project)
    count = generate(project)
    assert check_generated(project) == count
    (project / MODEL).write_text("select 1")
    with pytest.raises(StaleFiles) as stale:
        check_generated(project)
    assert str(stale.value).splitlines() == [f"stale: {MODEL}", "run `schemahub generate`"]
    assert generate(project) == count
    assert check_generated(project) == count


def test_files_that_are_up_to_date_are_left_alone(project: Path) -> None:
    generate(project)
    before = (project / MODEL).stat().st_mtime_ns
    generate(project)
    assert (project / MODEL).stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_is_named(project: Path) -> None:
    (project / "dbt_project" / "macros" / "generated").write_text("a file")
    with pytest.raises(Misconfigured, match=r"dbt_project.*: can't be written: "):
        generate(project)


def test_mistakes_in_the_registry_are_reported_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(RegistryError):
        generate(tmp_path)
    assert not (tmp_path / "dbt_project").exists()
