"""dlt's settings are ours alone: no setting of the user's changes or prevents what is landed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse.local import LocalLake
from tests.support import landing_program
from tests.support.landing_program import RAW
from tests.support.landings import every_id_once, landed_ids

HOSTILE_ENVIRONMENT = {
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID": "true",
    "NORMALIZE__DATA_WRITER__FLAVOR": "spark",
    "DATA_WRITER__FILE_MAX_ITEMS": "1",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "nonsense",
    "DATA_WRITER__COMPRESSION": "gzip",
    "DATA_WRITER__TIMESTAMP_PRECISION": "3",
    "DATA_WRITER__TIMESTAMP_TIMEZONE": "Asia/Tokyo",
    "DATA_WRITER__VERSION": "1.0",
    "SCHEMA__NAMING": "duck_case",
    "SCHEMA__MAX_TABLE_NESTING": "0",
    "DESTINATION__FILESYSTEM__BUCKET_URL": "file:///nowhere",
    "DESTINATION__LAYOUT": "{nonsense}",
    "LOAD__WORKERS": "nonsense",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "EXTRACT__NEXT_ITEM_MODE": "nonsense",
    "RUNTIME__LOG_LEVEL": "nonsense",
    "RUNTIME__DLTHUB_TELEMETRY": "true",
    "RUNTIME__REQUEST_TIMEOUT": "nonsense",
    "PIPELINES__PIPELINE_NAME": "theirs",
    "RESTORE_FROM_DESTINATION": "true",
    "DLT_PROJECT_DIR": "/nowhere",
    "DLT_DATA_DIR": "/nowhere",
    "DLT_CONFIG_FOLDER": "/nowhere",
    "DLT_DEFAULT_NAMING_MODULE": "nonsense",
    "DLT_USE_JSON": "nonsense",
    "DLT_JSON_TYPED_PUA_START": "nonsense",
    "DLT_INTERVAL_TIMEZONE": "Nowhere/Nothing",
    "PYICEBERG_MAX_WORKERS": "nonsense",
    "PYICEBERG_LEGACY_CURRENT_SNAPSHOT_ID": "true",
    "PYICEBERG_CATALOG__SCHEMAHUB__URI": "sqlite:////nowhere/at/all.db",
    "PYICEBERG_CATALOG": "both a value",
    "PYTHONOPTIMIZE": "2",
}
SETTINGS_FILES = {
    "a setting": "[normalize.parquet_normalizer]\nadd_dlt_id = true\nadd_dlt_load_id = true\n",
    "broken": "this is [[ no TOML\n",
}


def landed_from(folder: Path, environment: dict[str, str]) -> tuple[LocalLake, str]:
    """Land in a separate process that starts in `folder`; returns the lake, and the properties of one of its files."""
    # loaders first, as on the command line
    program = "import sys, loaders; from tests.support.landing_program import main; main(*sys.argv[1:])"
    command = [sys.executable, "-c", program, str(folder / "lake"), "20"]
    python_path = str(Path(landing_program.__file__).parents[2])
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": python_path} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return LocalLake(folder / "lake"), _likeness(LocalLake(folder / "lake"))


def _likeness(lake: LocalLake) -> str:
    import pyarrow.parquet as pq

    footers = [pq.read_metadata(path) for path in sorted(lake.folder.glob(f"schemahub/{RAW.name}/data/*"))]
    columns = [
        (str(footer.schema.column(at)), footer.row_group(0).column(at).compression, footer.format_version)
        for footer in footers
        for at in range(footer.num_columns)
    ]
    return json.dumps([len(footers), columns])


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    return landed_from(tmp_path_factory.mktemp("usual"), {})[1]


@pytest.mark.slow
def test_no_variable_of_the_environment_changes_what_is_landed(tmp_path: Path, usual: str) -> None:
    lake, likeness = landed_from(tmp_path, HOSTILE_ENVIRONMENT)
    assert landed_ids(lake) == every_id_once(20)
    assert likeness == usual


@pytest.mark.parametrize("settings", SETTINGS_FILES)
def test_no_settings_file_of_the_current_folder_changes_what_is_landed(
    tmp_path: Path, usual: str, settings: str
) -> None:
    (tmp_path / ".dlt").mkdir()
    for name in ("config.toml", "secrets.toml"):
        (tmp_path / ".dlt" / name).write_text(SETTINGS_FILES[settings])
    (tmp_path / ".pyiceberg.yaml").write_text("legacy-current-snapshot-id: true\n: [")
    lake, likeness = landed_from(tmp_path, {})
    assert landed_ids(lake) == every_id_once(20)
    assert likeness == usual
    assert {path.name for path in tmp_path.iterdir()} == {".dlt", ".pyiceberg.yaml", "lake"}
