from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured
from lakehouse.local import LocalLake


@pytest.mark.parametrize("character", ["#", "?", "%", "\\", "\n", "\t"])
def test_a_folder_whose_files_would_end_up_elsewhere_is_refused(tmp_path: Path, character: str) -> None:
    with pytest.raises(Misconfigured) as failure:
        LocalLake(tmp_path / f"la{character}ke")
    assert f"has the character {character!r} in its name; name a folder without it" in str(failure.value)
    assert list(tmp_path.iterdir()) == []
