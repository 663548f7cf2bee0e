from pathlib import Path

import pytest

from lakehouse.errors import Misconfigured
from lakehouse.local import LocalLake


@pytest.mark.parametrize("sign", ["#", "?", "%", "\\", "\n", "\t"])
def test_a_folder_whose_files_would_go_astray_is_refused(tmp_path: Path, sign: str) -> None:
    with pytest.raises(Misconfigured) as failure:
        LocalLake(tmp_path / f"la{sign}ke")
    assert f"has a {sign!r} in its name; name one without" in str(failure.value)
    assert list(tmp_path.iterdir()) == []
