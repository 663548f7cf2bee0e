"""Text written as YAML is read as the same text, by our reader and by others."""

from pathlib import Path

import pytest
import yaml

from registry.yaml_file import read_yaml, yaml_text

ODD_TEXTS = [
    *("1E5", "1e5", "+5", "-0", "007", "0x1F", "0o17", "0b1", "1_000", ".5", "5.", "1e400", ".inf", ".nan", "nan"),
    *("NO", "no", "on", "Y", "TRUE", "true", "null", "Null", "~", "2026-01-05", "12:30", "1:30:00", "=", "<<"),
    *("", " x", "x ", "a: b", "a #b", "#a", "- a", "*a", "&a", "!a", "%a", "@a", "`a", "{a}", "[a]", "a,b", "|", ">"),
    *("'", '"', "?", "9" * 50, "\\", "\\N", "\u5e01\u5b89", "\U0001f680", "\u0130", "a\u2028b", "a\tb", "a\nb"),
]  # fmt: skip


@pytest.mark.parametrize("read", [read_yaml, lambda path: yaml.safe_load(path.read_text(encoding="utf-8"))])
def test_texts_that_look_like_something_else_survive(tmp_path: Path, read) -> None:  # type: ignore[no-untyped-def]
    content = {"products": [{"symbol": text, text: "value"} for text in ODD_TEXTS]}
    (tmp_path / "x.yaml").write_text(yaml_text(content), encoding="utf-8")
    assert read(tmp_path / "x.yaml") == content


def test_numbers_and_booleans_keep_their_types(tmp_path: Path) -> None:
    content = {"a": [1, -2.5, 1e-08, True, None, []]}
    (tmp_path / "x.yaml").write_text(yaml_text(content))
    assert read_yaml(tmp_path / "x.yaml") == content
