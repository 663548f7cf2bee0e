"""dbt is started unless neither the lake nor the project has changed since the last run that ended well."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.types import StringType

from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.lake import Lake, identifier
from lakehouse.pending import Landed
from lakehouse.tables import existing_table
from schemahub.dbt.run import DbtFailed
from schemahub.runs import events, last_run, unify
from schemahub.runs.context import RunContext
from schemahub.settings import FOR_DBT, PROJECT, load_settings
from tests.support.imports import heavy_imports
from tests.support.lake_under_test import LakeUnderTest, Restore, kraken
from tests.support.lakes import LakeHome
from tests.support.landings import land_up_to

pytestmark = pytest.mark.long

TARGET = "trades_unified"
Commands = list[Sequence[str]]


@pytest.fixture
def context(restore: Restore) -> RunContext:
    """A lake whose loads are all unified."""
    return RunContext(load_settings(lake=restore().location))


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands that dbt is given, which does nothing and ends well."""
    given: Commands = []
    monkeypatch.setattr(unify, "run_dbt", lambda *arguments, **_: given.append(arguments[2]))
    return given


@pytest.fixture
def unchanged(context: RunContext, commands: Commands) -> RunContext:
    """A lake in which the last run ended well and left nothing to do."""
    assert not unify.unify(context, TARGET).is_unchanged
    assert unify.unify(context, TARGET).is_unchanged
    assert len(commands) == 1
    commands.clear()
    return context


@pytest.mark.slow
def test_dbt_is_not_started_if_nothing_has_changed(unchanged: RunContext, commands: Commands) -> None:
    found = unify.unify(RunContext(unchanged.settings), TARGET)
    assert found.is_unchanged
    assert found.balances == []
    assert commands == []


@pytest.mark.parametrize(
    "arguments",
    [("run", "unify", TARGET), ("status",), ("query", f"select count(*) from {TARGET}")],
    ids=lambda a: a[0],
)
def test_commands_that_only_read_import_neither_dbt_nor_pyiceberg(
    unchanged: RunContext, arguments: tuple[str, ...]
) -> None:
    assert heavy_imports(*arguments, "--lake", unchanged.settings.lake) <= {"pydantic", "duckdb"}


def test_what_needs_attention_is_reported_although_nothing_has_changed(
    unchanged: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unify, "remarks", lambda *_: ["something is odd"])
    assert unify.unify(unchanged, TARGET).remarks == ["something is odd"]


@pytest.mark.parametrize("option", ["full_refresh", "force"])
def test_a_full_refresh_always_starts_dbt(unchanged: RunContext, commands: Commands, option: str) -> None:
    unify.unify(unchanged, TARGET, **{option: True})
    assert len(commands) == 1


def land(context: RunContext) -> None:
    home = LakeUnderTest(LakeHome(context.settings.lake, {}), context.registry, Path("unused"))
    home.land("raw_kraken_trades", kraken(900), load="later", at="2026-09-09 00:00:00")


def drop_a_table(context: RunContext) -> None:
    context.lake.catalog.drop_table(identifier("trades_1m_versions"))


def lose_the_views(context: RunContext) -> None:
    (Path(context.settings.lake) / "views.duckdb").unlink()


def alter_the_views(context: RunContext) -> None:
    with (Path(context.settings.lake) / "views.duckdb").open("ab") as file:
        file.write(b"\0")


def lose_the_note(context: RunContext) -> None:
    (context.lake.work_folder / f"last-run-{TARGET}.json").unlink()


def damage_the_note(context: RunContext) -> None:
    (context.lake.work_folder / f"last-run-{TARGET}.json").write_text('{"written": 1')


@pytest.mark.parametrize(
    "change", [land, drop_a_table, lose_the_views, alter_the_views, lose_the_note, damage_the_note]
)
def test_a_change_of_the_lake_starts_dbt(
    unchanged: RunContext, commands: Commands, change: Callable[[RunContext], None]
) -> None:
    change(unchanged)
    unify.unify(unchanged, TARGET)
    assert len(commands) == 1


def test_the_views_of_marts_stay_as_they_are_if_only_rows_were_added(unchanged: RunContext, commands: Commands) -> None:
    land(unchanged)
    unify.unify(unchanged, TARGET)
    (command,) = commands
    assert "path:models/marts,config.materialized:view" in command
    assert "seed" not in command


@pytest.mark.parametrize("change", [lose_the_views, alter_the_views, lose_the_note])
def test_the_views_are_made_again_in_doubt(
    unchanged: RunContext, commands: Commands, change: Callable[[RunContext], None]
) -> None:
    change(unchanged)
    unify.unify(unchanged, TARGET)
    (command,) = commands
    assert "path:models/marts,config.materialized:view" not in command
    assert "seed" in command


def test_events_are_found_by_a_run_of_their_own(unchanged: RunContext, commands: Commands) -> None:
    land(unchanged)
    unify.unify(unchanged, TARGET)
    unify.unify(unchanged, TARGET, full_refresh=True)
    assert [command[command.index("--exclude") + 1] for command in commands] == [events.SELECTION] * 2


def test_a_run_that_failed_leaves_nothing_to_rely_on(
    unchanged: RunContext, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DbtFailed("no")

    land(unchanged)
    with monkeypatch.context() as patch:
        patch.setattr(unify, "run_dbt", fail)
        with pytest.raises(DbtFailed):
            unify.unify(unchanged, TARGET)
    assert last_run.last(unchanged.lake, TARGET) is None
    unify.unify(unchanged, TARGET)
    assert "path:models/marts,config.materialized:view" not in commands[0]


def test_a_run_that_left_loads_pending_is_not_relied_on(unchanged: RunContext, commands: Commands) -> None:
    land(unchanged)
    for _ in range(2):  # dbt, which does nothing here, leaves the load pending
        assert not unify.unify(unchanged, TARGET).is_unchanged
    assert len(commands) == 2


def test_a_load_that_lands_while_a_run_ends_is_news_to_the_next_run(
    context: RunContext, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = unify.read_landed

    def read_and_be_late(*arguments: Any) -> Landed:
        landed = read(*arguments)
        land(context)
        return landed

    with monkeypatch.context() as patch:
        patch.setattr(unify, "read_landed", read_and_be_late)
        unify.unify(context, TARGET)
    assert not unify.unify(context, TARGET).is_unchanged
    assert len(commands) == 2


def test_a_project_that_changes_while_dbt_runs_is_built_by_the_next_run(
    context: RunContext, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = last_run.version

    def upgrade(*arguments: Any, **_: object) -> None:
        commands.append(arguments[2])
        monkeypatch.setattr(last_run, "version", lambda name: "9.9" if name == "duckdb" else version(name))

    monkeypatch.setattr(unify, "run_dbt", upgrade)
    for _ in range(2):
        assert not unify.unify(context, TARGET).is_unchanged
    assert len(commands) == 2


def test_a_run_with_stale_generated_files_is_not_relied_on(
    context: RunContext, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unify, "stale_files", lambda *_: ["1 generated dbt file doesn't match config/"])
    for _ in range(2):
        assert not unify.unify(context, TARGET).is_unchanged
    assert len(commands) == 2


@pytest.mark.parametrize("news", [False, True])
def test_a_damaged_record_is_an_error_before_dbt_is_started(
    unchanged: RunContext, commands: Commands, news: bool
) -> None:
    if news:
        land(unchanged)
    for path in (Path(unchanged.settings.lake) / "schemahub").glob("unified_loads*/data/**/*.parquet"):
        path.write_bytes(b"")
    with pytest.raises(LakeUnavailable, match=r"`unified_loads` .*`schemahub repair`"):
        unify.unify(RunContext(unchanged.settings), TARGET)
    assert commands == []


def swap_columns(context: RunContext) -> None:
    table = existing_table(context.lake, "raw_kraken_trades")
    assert table is not None
    with table.update_schema() as update:
        update.rename_column("price", "spare")
    with table.update_schema() as update:
        update.rename_column("volume", "price")
    with table.update_schema() as update:
        update.rename_column("spare", "volume")


def widen_a_column(context: RunContext) -> None:
    table = existing_table(context.lake, "raw_kraken_trades")
    assert table is not None
    with table.update_schema(allow_incompatible_changes=True) as update:
        update.delete_column("price")
    with table.update_schema() as update:
        update.add_column("price", StringType())


def move_the_lake(context: RunContext) -> None:
    folder = Path(context.settings.lake)
    copy = folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    object.__setattr__(context, "settings", context.settings.model_copy(update={"lake": str(copy)}))
    vars(context).pop("lake", None)
    lose_the_views(context)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (swap_columns, "was renamed to `volume` by another tool"),
        (widen_a_column, "was dropped by another tool"),
        (move_the_lake, "belongs to another lake"),
    ],
)
def test_what_another_tool_did_to_a_table_is_an_error_before_dbt_is_started(
    unchanged: RunContext, commands: Commands, change: Callable[[RunContext], None], reason: str
) -> None:
    change(unchanged)
    with pytest.raises(Misconfigured, match=reason):
        unify.unify(RunContext(unchanged.settings), TARGET)
    assert commands == []


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for folder in ("config", "dbt_project", "profiles"):
        shutil.copytree(PROJECT / folder, root / folder, ignore=shutil.ignore_patterns("target", "logs"))
    return root


INPUTS = [
    "config/mappings/kraken_trades.yaml",
    "config/targets/trades_unified.yaml",
    "config/lake.yaml",
    "dbt_project/dbt_project.yml",
    "dbt_project/models/marts/trades_1m.sql",
    "dbt_project/models/generated/staging/stg_kraken__trades.sql",
    "dbt_project/models/generated/_sources.yml",
    "dbt_project/macros/generated/transforms.sql",
    "dbt_project/macros/loads/pending_reads.sql",
    "dbt_project/seeds/generated/products.csv",
    "profiles/profiles.yml",
    "profiles/local_iceberg.py",
]


@pytest.fixture
def digest(lake: Lake, project: Path) -> Callable[..., str]:
    def of(**settings: Any) -> str:
        chosen = load_settings(lake=lake.location).model_copy(update=settings)
        return last_run.now(lake, chosen, root=project).project

    return of


@pytest.mark.parametrize("name", INPUTS)
def test_a_changed_file_of_the_project_changes_the_digest(digest: Callable[..., str], project: Path, name: str) -> None:
    before, content = digest(), (project / name).read_bytes()
    (project / name).write_bytes(content + b"\n")
    assert digest() != before
    (project / name).unlink()
    assert digest() != before
    (project / name).write_bytes(content)
    assert digest() == before


def test_an_added_file_changes_the_digest_and_what_dbt_writes_does_not(
    digest: Callable[..., str], project: Path
) -> None:
    before = digest()
    for name in ("dbt_project/target/manifest.json", "dbt_project/logs/dbt.log", "profiles/.user.yml"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("written by dbt")
    assert digest() == before
    (project / "dbt_project" / "models" / "mine.sql").write_text("select 1 as one")
    assert digest() != before
    (project / "dbt_project" / "models" / "mine.sql").unlink()


CHANGED = {
    "workgroup": "another",
    "s3_staging_dir": "s3://bucket/staging",
    "s3_data_dir": "s3://bucket/data",
    "threads": 3,
    "memory_limit": "1GB",
    "catalog_log": "catalog.log",
    "athena_retries": 7,
    "athena_poll_seconds": 0.25,
}


def test_every_setting_that_dbt_is_given_changes_the_digest(digest: Callable[..., str]) -> None:
    assert CHANGED.keys() == set(FOR_DBT)
    digests = {digest(), *(digest(**{name: value}) for name, value in CHANGED.items())}
    assert len(digests) == 1 + len(CHANGED)


@pytest.mark.parametrize("package", ["schemahub", "dbt-core", "dbt-adapters", "dbt-duckdb", "duckdb", "pyiceberg"])
def test_another_version_changes_the_digest(
    digest: Callable[..., str], monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    before, version = digest(), last_run.version
    monkeypatch.setattr(last_run, "version", lambda name: "9.9" if name == package else version(name))
    assert digest() != before


def test_a_lake_on_athena_depends_on_the_versions_of_its_own_adapter(s3_home: LakeHome, project: Path) -> None:
    lake = s3_home.open()
    land_up_to(lake, 5)
    settings = load_settings(lake=lake.location)
    left = last_run.now(lake, settings, root=project)
    last_run.remember(lake, TARGET, left)
    assert last_run.last(lake, TARGET) == left
    assert last_run.now(lake, settings.model_copy(update={"workgroup": "other"}), root=project) != left
    last_run.forget(lake, TARGET)
    assert last_run.last(lake, TARGET) is None
