"""Odd files that editors, file systems and people leave in `config/` are read as meant, or give one line each."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from macros_gen.__main__ import main
from macros_gen.render import render
from registry.problems import RegistryError
from registry.registry import PROJECT, load_registry
from registry.yaml_file import MOST_BYTES
from tests.support.spoilable_project import Project

FOLDER = "config/mappings"
KRAKEN = f"{FOLDER}/kraken_trades.yaml"
TEXT = (PROJECT / KRAKEN).read_text().partition("\n")[2]
"""The mapping without its first line, which is for editors."""
CONSTANTS = "constants: {exchange: KRAKEN}"


def constant(value: str) -> bytes:
    """The mapping with another constant; PyYAML itself would not read all of them as they are written."""
    return TEXT.replace(CONSTANTS, f"constants: {{exchange: {value}}}").encode()


def constants(value: str) -> bytes:
    return TEXT.replace(CONSTANTS, f"constants: {value}").encode()


TEXTS = ["NO", "on", "y", "2026-01-05", "12:30:00", "0o17", "0x1F", "1_000", ".5", ".inf", "=", "1e", "TRUE", "Null"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_plain_text_is_read_as_it_is_written(project: Project, text: str) -> None:
    (project.root / KRAKEN).write_bytes(constant(text))
    (kraken,) = (mapping for mapping in project.load().mappings if mapping.file == KRAKEN)
    assert kraken.declared.constants == {"exchange": text}


READ = {
    "as it is": TEXT.encode(),
    "byte order mark": b"\xef\xbb\xbf" + TEXT.encode(),
    "line ends of Windows": TEXT.replace("\n", "\r\n").encode(),
    "line ends of the old Mac": TEXT.replace("\n", "\r").encode(),
    "anchor": constants("&c {exchange: KRAKEN}"),
    "alias": constants("{exchange: &k KRAKEN}\ndefaults: {side: UNKNOWN}\ndescription: *k").replace(
        b"description: Spot trades as Kraken sends them.\n", b""
    ),
    "tag of text": constant("!!str KRAKEN"),
    "quotes": constant('"KRAKEN"'),
}


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_in_any_spelling_of_the_same_content(project: Project, name: str) -> None:
    staging = "dbt_project/models/generated/staging/stg_kraken__trades.sql"
    (project.root / KRAKEN).write_bytes(READ[name])
    assert render(project.load())[staging] == render(load_registry())[staging]


def key(name: str) -> bytes:
    return TEXT.replace("  volume: quantity", f"  {name}: quantity").encode()


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


LAUGHS = "x0: &x0 [a, a]\n" + "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 12))

REFUSED = {
    "number with an exponent": (constant("1e3"), ": constants.exchange: 1000.0 is not a string; put it in quotes"),
    "null": (constant("null"), ": constants.exchange: null is not text, a number, true or false"),
    "true": (constant("true"), ": constants.exchange: true is not a string; put it in quotes"),
    "number out of range": (constant("1e400"), ":36:23: '1e400' is too large for a number"),
    "number of 5,000 digits": (constant("9" * 5_000), ":36:23: a number has 5,000 digits"),
    "UTF-16": (TEXT.encode("utf-16"), ":1:1: not UTF-8: "),
    "Latin-1": (TEXT.replace("Spot", "Sp\u00f6t").encode("latin-1"), ":1:1: not UTF-8: "),
    "NUL": (TEXT.encode() + b"\x00", ":70:1: the character U+0000 isn't allowed"),
    "escape sequence": (TEXT.encode() + b"# \x1b[2J", ":70:3: the character U+001B isn't allowed"),
    "empty": (b"", ": must hold keys and values; use some of: mappings, "),
    "comment alone": (b"# nothing\n", ": must hold keys and values; use some of: mappings, "),
    "two documents": (f"{TEXT}\n---\n{TEXT}".encode(), ":71:1: expected a single document in the stream, but found"),
    "merge key": (constants("\n  <<: {exchange: KRAKEN}"), ":37:3: merge keys (`<<`) aren't supported"),
    "recursive alias": (constants("&c {exchange: *c}"), ":36:12: refers to itself"),
    "recursive list": (constants("{exchange: &l [*l]}"), ":36:23: refers to itself"),
    "unknown alias": (constants("{exchange: *nowhere}"), ":36:23: found undefined alias 'nowhere'"),
    "aliases of aliases": (LAUGHS.encode() + TEXT.encode(), ":1:1: has more than 300,000 entries"),
    "python tag": (constant("!!python/name:os.system "), ":36:23: tag `!!python/name:os.system` isn't supported"),
    "int tag on text": (constant("!!int KRAKEN"), ":36:23: tag `!!int` doesn't fit the value"),
    "float tag on text": (constant("!!float KRAKEN"), ":36:23: tag `!!float` doesn't fit the value"),
    "bool tag on text": (constant("!!bool KRAKEN"), ":36:23: tag `!!bool` doesn't fit the value"),
    "null tag on text": (constant("!!null KRAKEN"), ":36:23: tag `!!null` doesn't fit the value"),
    "int tag on a list": (constant("!!int [1]"), ":36:23: tag `!!int` doesn't fit the value"),
    "str tag on a list": (constant("!!str [1]"), ":36:23: tag `!!str` doesn't fit a value that is not text"),
    "timestamp tag": (constant("!!timestamp KRAKEN"), ":36:23: tag `!!timestamp` isn't supported"),
    "binary tag": (constant('!!binary "\u00e9"'), ":36:23: tag `!!binary` isn't supported"),
    "set tag": (constants("!!set {exchange}"), ":36:12: tag `!!set` isn't supported"),
    "omap tag": (constants("!!omap [a: b]"), ":36:12: tag `!!omap` isn't supported"),
    "local tag": (constant("!mine KRAKEN"), ":36:23: tag `!mine` isn't supported"),
    "map tag on text": (constants("!!map KRAKEN"), ":36:12: tag `!!map` doesn't fit a value without keys"),
    "map tag on a list": (constants("!!map [KRAKEN]"), ":36:12: tag `!!map` doesn't fit a value without keys"),
    "seq tag on a map": (constants("!!seq {a: b}"), ":36:12: tag `!!seq` doesn't fit a value that is not a list"),
    "a list as key": (constants("{[a]: b}"), ":36:13: a key must be plain text"),
    "2,000 nested lists": (f"{TEXT}a: {deep(2_000)}\n".encode(), ":70:53: is nested more than 50 deep"),
    "100,000 nested lists": (f"{TEXT}a: {deep(100_000)}\n".encode(), ":70:53: is nested more than 50 deep"),
    "key with other letters": (key("gr\u00f6\u00dfe"), ": mappings: 'gr\u00f6\u00dfe' is not a valid name"),
    "key that is a number": (key("5"), ": mappings: '5' is not a valid name"),
    "key with a space": (key('"volume "'), ": mappings: 'volume ' is not a valid name"),
    "key with a character of no width": (key("volume\u200b"), r": mappings: 'volume\u200b' is not a valid name"),
    "key that clears the screen": (TEXT.encode() + b'"\\e[2J": x', r": unknown key `\x1b[2J`; use one of: "),
    "indented by other spaces": (TEXT.replace("  volume: q", "\u00a0 volume: q").encode(), ":34:7: "),
    "marks of a merge": (TEXT.replace("constants:", "<<<<<<< HEAD\nconstants:").encode(), ":37:1: "),
    "long description": (
        TEXT.replace("Spot trades as Kraken sends them.", "word " * 12_000).encode(),
        ": description: has 59,999 characters; shorten it to 2,000",
    ),
    "long constant": (constant("K" * 3_000), ": constants.exchange: has 3,000 characters; shorten it to 2,000"),
    "large file": (TEXT.encode() + b"#" * MOST_BYTES, ": is larger than 2 MB"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_ambiguous_file_gives_one_line_of_limited_length(
    project: Project, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content, problem = REFUSED[name]
    (project.root / KRAKEN).write_bytes(content)
    assert main(["--root", str(project.root)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert any(line.startswith(f"{KRAKEN}{problem}") for line in lines), lines
    assert all(line.isprintable() and len(line) <= 2_000 for line in lines)
    assert len(lines) <= 2


def test_of_many_mistakes_the_first_are_reported_and_the_others_counted(project: Project) -> None:
    extra = "".join(f"key_{number}: 1\n" for number in range(1_000))
    project.write(KRAKEN, TEXT + extra)
    problems = project.problems()
    assert len(problems) == 51
    assert problems[-1] == f"{KRAKEN}: 950 more mistakes"


IGNORED: dict[str, Callable[[Path], object]] = {
    "backup of an editor": lambda folder: (folder / "kraken_trades.yaml~").write_text("x"),
    "swap file of vim": lambda folder: (folder / ".kraken_trades.yaml.swp").write_bytes(b"\x00\xff"),
    "lock of emacs": lambda folder: os.symlink("me@host.1234:1", folder / ".#kraken_trades.yaml"),
    "second half of a file of macOS": lambda folder: (folder / "._kraken_trades.yaml").write_bytes(b"\x00\x05\xff"),
    "folder of Jupyter": lambda folder: (folder / ".ipynb_checkpoints").mkdir(),
    "file being written": lambda folder: (folder / ".kraken_trades.yaml.4711").write_text("source: ["),
    "note": lambda folder: (folder / "README.md").write_text("x"),
}


@pytest.mark.parametrize("folder", ["mappings", "targets", "products"])
def test_a_file_that_is_not_part_of_the_registry_is_ignored(project: Project, folder: str) -> None:
    for leave in IGNORED.values():
        leave(project.root / "config" / folder)
    assert project.load() == load_registry()


@pytest.mark.parametrize("name", ["product_ids_seed.yaml", "product_ids_seed_kraken.yaml", "product_ids_seed (1).yaml"])
def test_a_file_that_says_what_to_load_is_no_mapping(project: Project, name: str) -> None:
    (project.root / FOLDER / name).write_text("\0 not even YAML")
    assert project.load() == load_registry()
    assert render(project.load()) == render(load_registry())


def looped(folder: Path) -> None:
    shutil.rmtree(folder)
    os.symlink(folder.name, folder)


def written(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(TEXT)


def linked(name: str) -> Callable[[Path], object]:
    return lambda folder: os.symlink(name, folder / "x.yaml")


OF_A_FOLDER: dict[str, tuple[Callable[[Path], object], str]] = {
    "another ending": (written("okx_trades.YAML"), "/okx_trades.YAML: name it okx_trades.yaml"),
    "conflicted copy": (written("x (conflicted copy).yaml"), "/x (conflicted copy).yaml: the name must consist of "),
    "name that dbt would execute": (written("{{ 7 }}.yaml"), "/{{ 7 }}.yaml: the name must consist of "),
    "name with a line break": (written("a\nb.yaml"), "/a b.yaml: the name must consist of "),
    "name that is not text": (written(os.fsdecode(b"\xff.yaml")), r"/\udcff.yaml: the name must consist of "),
    "folder named as a file": (lambda folder: (folder / "x.yaml").mkdir(), "/x.yaml: can't be read: it is not a file"),
    "pipe": (lambda folder: os.mkfifo(folder / "x.yaml"), "/x.yaml: can't be read: it is not a file"),
    "link to nothing": (linked("nothing"), "/x.yaml: can't be read: No such file"),
    "link to itself": (linked("x.yaml"), "/x.yaml: can't be read: Too many levels"),
    "folder that is missing": (shutil.rmtree, ": is missing; "),
    "folder that is a link to itself": (looped, ": can't be read: Too many levels of symbolic links"),
}


@pytest.mark.parametrize(
    ("folder", "name"),
    [("mappings", name) for name in OF_A_FOLDER]
    + [(folder, name) for folder in ("targets", "products") for name in ("folder that is missing", "pipe")],
)
def test_a_file_that_may_be_meant_for_the_registry_gives_one_line(project: Project, folder: str, name: str) -> None:
    spoil, problem = OF_A_FOLDER[name]
    spoil(project.root / "config" / folder)
    with pytest.raises(RegistryError) as caught:
        project.load()
    (line,) = (line for line in str(caught.value).splitlines() if line.startswith(f"config/{folder}{problem}"))
    assert line.isprintable()
