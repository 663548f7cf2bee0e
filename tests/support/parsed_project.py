"""What dbt keeps of the project that it has parsed, so that a run of the tests parses it once.

dbt parses it again, for four seconds, in an empty folder, and if its profile changes, which contains the address of the
lake. Nothing in the project depends on that address.
"""

import fcntl
import os
import shutil
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt.contracts.files import FileHash
from dbt.parser.manifest import ManifestLoader

ROOT = Path(__file__).resolve().parents[2]
KEPT = "partial_parse.msgpack"


def parse_once(shared: Path, target_path: Path) -> None:
    """Let dbt find the project parsed in `target_path`; the first process that comes to `shared` parses it there."""
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / KEPT).exists():
            _parse(shared)
    shutil.copy(shared / KEPT, target_path)


def _parse(target_path: Path) -> None:
    os.environ["SCHEMAHUB_LAKE"] = str(target_path / "no lake")
    folders = ["--project-dir", str(ROOT / "dbt_project"), "--profiles-dir", str(ROOT / "profiles")]
    work = ["--target", "duckdb", "--target-path", str(target_path), "--log-level-file", "none", "--no-write-json"]
    try:
        result = dbtRunner().invoke(["parse", *folders, *work, "--quiet"])
    finally:
        del os.environ["SCHEMAHUB_LAKE"]
    assert result.success, result.exception


def keep_for_any_lake() -> None:
    """Let dbt use what it has parsed in this process for whatever profile."""
    state_check = ManifestLoader.build_manifest_state_check

    def without_profile(loader: ManifestLoader) -> object:
        state = state_check(loader)
        state.profile_hash = FileHash.from_contents("")
        return state

    ManifestLoader.build_manifest_state_check = without_profile
