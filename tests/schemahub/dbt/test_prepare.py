"""What is prepared ahead is what dbt's start needs, so that it is not done again."""

import subprocess
import sys
from pathlib import Path

START_AFTER_PREPARING = """
import sys
from pathlib import Path
from dbt_common import dataclass_schema
from lakehouse.local import LocalLake
from schemahub.dbt.prepare import prepare_dbt
from schemahub.dbt.run import run_dbt
from schemahub.settings import load_settings

lake, settings = LocalLake(Path(sys.argv[1])), load_settings(lake=sys.argv[1])
build, generated = dataclass_schema.build_json_schema, []
dataclass_schema.build_json_schema = lambda class_: generated.append(class_.__name__) or build(class_)
prepare_dbt(lake, settings)
prepared = len(generated)
run_dbt(lake, settings, ["deps"])  # reads the profile and the project, and no models
print(prepared, generated[prepared:])
"""


def test_no_schema_of_the_project_or_its_profile_is_generated_after_preparing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START_AFTER_PREPARING, str(tmp_path / "lake")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "7 []"
