"""The options of the app: they name a lake before or after any command that needs one, and the shell completes them."""

import os
import sys
from pathlib import Path

import pytest

from schemahub.cli.app import LakeCommand, app
from tests.support.command_line import Cli, error_line

NEEDS_NO_LAKE = {"generate", "update-products", "update-seed", "simulate"}


def test_every_command_on_a_lake_takes_the_options_that_name_one() -> None:
    groups = [app, *(group.typer_instance for group in app.registered_groups if group.typer_instance)]
    commands = [command for group in groups for command in group.registered_commands]
    assert len(commands) > 10
    assert {each.name for each in commands if each.cls is not LakeCommand} == NEEDS_NO_LAKE


@pytest.mark.parametrize(
    "arguments",
    [
        ("--lake", "there", "status"),
        ("status", "--lake", "there"),
        ("--lake", "elsewhere", "status", "--lake", "there"),
        ("--lake=there", "plan"),
        ("plan", "trades_unified", "--lake=there"),
        ("--lake", "there", "query", "select 1"),
        ("query", "--lake", "there", "select 1"),
        ("--lake", "there", "spark-conf"),
        ("trino-conf", "--lake", "there"),
    ],
    ids=" ".join,
)
def test_a_lake_is_named_before_or_after_the_command(cli: Cli, arguments: tuple[str, ...]) -> None:
    finished = cli(*arguments, lake=cli.folder / "nowhere")
    (line,) = (finished.stdout + finished.stderr).splitlines()
    assert f"nothing has been landed in file://{cli.folder}/there yet" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("--s3-bucket", "Not A Bucket", "status"),
        ("status", "--s3-bucket", "Not A Bucket"),
        ("--s3-bucket", "Not A Bucket", "run", "ingest", "binance", "--s3-prefix", "p"),
    ],
    ids=" ".join,
)
def test_a_bucket_is_named_before_or_after_the_command(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert "expected s3://bucket/prefix" in error_line(cli(*arguments))


def test_a_lake_before_the_command_and_a_bucket_after_it_are_refused(cli: Cli) -> None:
    line = error_line(cli("--lake", "here", "status", "--s3-bucket", "there"))
    assert line == "--lake and --s3-bucket both name a lake; give one of them"


@pytest.mark.parametrize(
    "arguments",
    [("--lake", "LAKE", "dbt", "debug"), ("dbt", "debug", "--lake", "LAKE"), ("dbt", "--lake=LAKE", "debug")],
    ids=" ".join,
)
def test_dbt_runs_on_the_lake_that_is_named_before_or_after_it(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    lake = tmp_path / "lake"
    finished = cli(*(each.replace("LAKE", str(lake)) for each in arguments), lake="nowhere")
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert f"{lake}/.schemahub/dbt/views.duckdb" in finished.stdout


def completed(cli: Cli, *words: str) -> list[str]:
    asked = {"_SCHEMAHUB_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(("schemahub", *words))}
    script = "import sys; from schemahub.cli import main; sys.argv = ['schemahub']; main()"
    return cli.run([sys.executable, "-c", script], **asked, COMP_CWORD=str(len(words))).stdout.split()


def test_the_shell_completes_commands_and_options(cli: Cli) -> None:
    assert completed(cli, "st") == ["status"]
    assert "--lake" in completed(cli, "status", "--l")
    assert completed(cli, "run", "p") == ["pipeline"]


def test_the_script_of_a_shell_is_shown(cli: Cli) -> None:
    shown = cli("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert (shown.returncode, "complete -o default" in shown.stdout) == (0, True)


def test_help_imports_neither_a_web_server_nor_the_simulator_nor_dbt(cli: Cli) -> None:
    listed = cli("--help", PYTHONPROFILEIMPORTTIME="1")
    assert listed.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in listed.stderr.splitlines()}
    assert "schemahub.cli.app" in imported
    assert imported & {"uvicorn", "starlette", "simulator.exchanges", "dbt", "dlt", "boto3", "duckdb"} == set()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [(("--help",), 0, "--fault"), (("--fault", "nosuch:1"), 2, "nosuch"), (("--nosuch",), 2, "--nosuch")],
)
def test_simulate_passes_its_options_on(cli: Cli, arguments: tuple[str, ...], status: int, words: str) -> None:
    finished = cli("simulate", *arguments, COLUMNS=os.environ.get("COLUMNS", "100"))
    assert finished.returncode == status
    assert words in finished.stdout + finished.stderr
