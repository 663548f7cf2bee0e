"""YAML as the project reads and writes it: the plain scalars of YAML 1.2, and nothing ambiguous or unlimited.

PyYAML follows YAML 1.1, where the text `NO` is false, `12:30` is a number and a date is not text. Here every scalar is
text except true, false, null and plain numbers; dates are parsed where a date is expected. Duplicate keys are refused,
and so are merge keys, tags other than those of YAML's own scalars, lists and maps, and files that are too large or too
deeply nested, also by means of aliases.
"""

import functools
import math
import os
import re
import stat
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, ClassVar

import yaml
from yaml.constructor import ConstructorError

from .problems import one_line, shown

MOST_BYTES = 2 * 1024 * 1024
"""The maximum size of a file. A list of 3,500 products has a tenth of it."""
MOST_NODES = 300_000
"""The maximum number of keys, values and containers in a file; an alias counts as everything it stands for."""
DEEPEST = 50
_MOST_DIGITS = 40
_MOST_KEPT = 64

_TAG = "tag:yaml.org,2002:"


class BadYaml(Exception):
    """A file that can't be read as YAML; the message follows its name: `:line:column: problem` or `: problem`."""


def _bounded_int(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"a number has {len(text):,} digits, expected at most {_MOST_DIGITS}; put it in quotes")
    return int(text)


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{shown(text)} is too large for a number; put it in quotes if it is text")
    return number


_SCALARS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "null": (r"(?:~|null|)\Z", "~n", lambda _: None),
    "bool": (r"(?:true|false)\Z", "tf", lambda text: text == "true"),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)\Z", "-+0123456789", _bounded_int),
    "float": (r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z", "-+0123456789", _finite_float),
}
"""For each tag: the pattern of its plain scalars, their first characters, and the function that converts them."""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  PyYAML's own way of replacing them
    yaml_constructors: ClassVar[dict[Any, Any]] = {}

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _mistake(f"is nested more than {DEEPEST} deep", self.peek_event())  # type: ignore[no-untyped-call]
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """A dumper that puts quotes around all text that YAML 1.1 or 1.2 would read as something else."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _mistake(problem: str, where: Any) -> ConstructorError:
    return ConstructorError(None, None, problem, where.start_mark)


def _scalar(kind: str) -> Callable[[_Loader, yaml.Node], Any]:
    pattern, _, value_of = _SCALARS[kind]

    def construct(_: _Loader, node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode) or not re.match(pattern, node.value):
            raise _mistake(f"tag `!!{kind}` doesn't fit the value; leave it out", node)
        try:
            return value_of(node.value)
        except ValueError as error:
            raise _mistake(str(error), node) from error

    return construct


def _text(_: _Loader, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _mistake("tag `!!str` doesn't fit a value that is not text; leave it out", node)
    return str(node.value)


def _list(loader: _Loader, node: yaml.Node) -> list[Any]:
    if not isinstance(node, yaml.SequenceNode):
        raise _mistake("tag `!!seq` doesn't fit a value that is not a list; leave it out", node)
    return [loader.construct_object(item, deep=True) for item in node.value]


def _mapping(loader: _Loader, node: yaml.Node) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise _mistake("tag `!!map` doesn't fit a value without keys; leave it out", node)
    found: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key = _key(key_node)
        line = key_node.start_mark.line + 1
        if key in found:
            raise _mistake(f"key `{key}` is given twice, in lines {lines[key]} and {line}; keep one", key_node)
        lines[key] = line
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _mistake("a key must be plain text", node)
    if node.value == "<<" and node.style is None:
        raise _mistake("merge keys (`<<`) aren't supported; write the entries out", node)
    return str(node.value)


def _unknown(_: _Loader, node: yaml.Node) -> None:
    raise _mistake(f"tag `{node.tag.replace(_TAG, '!!')}` isn't supported; leave it out", node)


for _kind, (_pattern, _first, _) in _SCALARS.items():
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_TAG + _kind, re.compile(_pattern), [*_first, *([""] if _kind == "null" else [])])
    _Loader.add_constructor(_TAG + _kind, _scalar(_kind))
for _kind, _construct in {"str": _text, "seq": _list, "map": _mapping}.items():
    _Loader.add_constructor(_TAG + _kind, _construct)
_Loader.add_constructor(None, _unknown)


def read_yaml(path: Path) -> Any:
    """The file's content; raises BadYaml, even if the file can't be read at all."""
    try:
        return deepcopy(_parse(_read(path)))  # a caller may change what it gets
    except OSError as error:
        raise BadYaml(f": can't be read: {error.strerror}") from error


def _read(path: Path) -> str:
    if not stat.S_ISREG(os.stat(path).st_mode):  # reading a pipe could wait for ever
        raise BadYaml(": can't be read: it is not a file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise BadYaml(f": is larger than {MOST_BYTES // 1024 // 1024} MB; split it or shorten it")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadYaml(f":1:1: not UTF-8: {error.reason} at byte {error.start}; save it as UTF-8") from error


@functools.lru_cache(_MOST_KEPT)  # a process reads the registry again and again, and rarely finds it changed
def _parse(text: str) -> Any:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node)
        return loader.construct_document(node)
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = f"{before.count(chr(10)) + 1}:{error.position - before.rfind(chr(10))}"
        raise BadYaml(f":{where}: the character U+{ord(text[error.position]):04X} isn't allowed; delete it") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise BadYaml(f":{where}: {one_line(_problem(error))}") from error


def _problem(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or error.context or "broken YAML"
    return f"{error.context}, {problem}" if error.context and problem.startswith("but ") else problem


def _check_size(root: yaml.Node) -> None:
    for number, _ in enumerate(_nodes(root, ())):
        if number >= MOST_NODES:
            raise _mistake(f"has more than {MOST_NODES:,} entries, counting what aliases stand for", root)


def _nodes(node: yaml.Node, above: tuple[yaml.Node, ...]) -> Iterator[yaml.Node]:
    """A node and everything below it; aliases yield what they stand for."""
    if any(node is outer for outer in above):
        raise _mistake("refers to itself; write the content out", node)
    if len(above) >= DEEPEST:
        raise _mistake(f"is nested more than {DEEPEST} deep", node)
    yield node
    for part in _parts(node):
        yield from _nodes(part, (*above, node))


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def yaml_text(content: Any, *, block: bool = False) -> str:
    """`content` as text from which `read_yaml`, or any other YAML parser, reads the same content.

    With `block`, every entry of a list has a line of its own.
    """
    return yaml.dump(
        content,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False if block else None,
        allow_unicode=True,
        width=10_000,
    )
