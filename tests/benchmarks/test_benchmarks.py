import importlib
import inspect
from dataclasses import fields

import pytest

from benchmarks import landing
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.measure import CannotMeasure, Measurement, expect, expect_free_disk, in_own_process
from benchmarks.size import LARGE, NORMAL, SMALL


def test_an_unknown_name_ends_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parsing", "nonsense"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"error: unknown benchmark nonsense; use: {', '.join(BENCHMARKS)}\n"


@pytest.mark.parametrize(
    ("names", "beginning"),
    [
        ([], "ccxt and nicegui aren't installed; `make bench` installs them"),
        (["peers"], "ccxt isn't installed; `make bench` installs it"),
        (["--size", "small"], "ccxt and nicegui aren't installed; `make bench` installs them"),
    ],
)
def test_a_missing_peer_ends_in_one_line_that_says_what_installs_it(
    names: list[str], beginning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(names, is_installed=lambda _: False) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {beginning}")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(("size", "status"), [("small", 0), ("normal", 1), ("large", 1)])
def test_a_figure_outside_its_bound_fails_only_where_it_is_judged(
    size: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = Measurement("landing", 0.1, 0.8, at_least=True, unit="x", detail="1 s")
    quick = Measurement("landing", 0.9, 0.8, at_least=True, unit="x", detail="1 s")
    monkeypatch.setattr(landing, "findings", lambda _: iter([slow, quick]))  # as those that measure one by one
    assert main(["landing", "--size", size]) == status
    assert "| landing | 0.10x |" in capsys.readouterr().out


def test_a_wrong_result_fails_at_every_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(landing, "findings", lambda _: expect("rows in the raw table", 1, 2))
    assert main(["landing", "--size", "small"]) == 1
    assert capsys.readouterr().err == "error: rows in the raw table: expected 2, found 1\n"


def test_a_benchmark_that_fails_in_its_own_process_is_reported_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CannotMeasure, match=r"`python -m benchmarks\.landing nonsense small` failed"):
        in_own_process("benchmarks.landing", "nonsense", "small")
    assert "KeyError: 'nonsense'" in capfd.readouterr().err


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_is_given_its_size(name: str) -> None:
    assert list(inspect.signature(importlib.import_module(f"benchmarks.{name}").findings).parameters) == ["size"]


def test_the_small_size_is_the_only_one_that_is_not_judged() -> None:
    assert (SMALL.is_judged, NORMAL.is_judged, LARGE.is_judged) == (False, True, True)


def test_the_small_size_is_smaller_in_everything() -> None:
    numbers = [field.name for field in fields(NORMAL) if field.type is int]
    assert [name for name in numbers if getattr(SMALL, name) > getattr(NORMAL, name)] == []
    assert len(numbers) > 10


@pytest.mark.parametrize(
    ("figure", "is_judged", "verdict"), [(0.5, True, "NO"), (0.5, False, "-"), (0.9, True, "yes"), (0.9, False, "-")]
)
def test_a_row_says_whether_the_bound_holds_where_it_is_judged(figure: float, is_judged: bool, verdict: str) -> None:
    finding = Measurement("landing", figure, 0.8, at_least=True, unit="x", detail="1 s")
    assert finding.row(is_judged=is_judged) == f"| landing | {figure:.2f}x | ≥ 0.8x | {verdict} | 1 s |"


def test_a_wrong_result_is_reported_in_one_short_line() -> None:
    with pytest.raises(CannotMeasure) as raised:
        expect("ids", list(range(1_000)), [1])
    assert str(raised.value).startswith("ids: expected [1], found [0, 1, 2")
    assert len(str(raised.value)) < 500


def test_too_little_disk_is_reported_before_anything_is_written() -> None:
    with pytest.raises(CannotMeasure, match="needs 1000000000 GB of free disk"):
        expect_free_disk(1e9)
