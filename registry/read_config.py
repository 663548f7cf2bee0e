"""Read one file of `config/` and check it by itself; every mistake becomes a problem line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from .declarations import Declaration
from .problems import RegistryError, choices, one_line, shown
from .yaml_file import BadYaml, read_yaml

File = TypeVar("File", bound=Declaration)

_MOST_LINES = 50
"""The maximum number of problem lines for one file."""


def read_config(path: Path, kind: type[File], *, shown_as: str) -> File:
    """The file's content as `kind`; raises RegistryError with all mistakes, each line beginning with `shown_as`."""
    try:
        content = read_yaml(path)
    except BadYaml as error:
        raise RegistryError([f"{shown_as}{error}"]) from error
    if not isinstance(content, dict):
        raise RegistryError([f"{shown_as}: must hold keys and values; use some of: {', '.join(_keys(kind))}"])
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise RegistryError(f"{shown_as}: {line}" for line in problem_lines(error, kind)) from error


def problem_lines(error: ValidationError, kind: type[BaseModel]) -> list[str]:
    """What is wrong with the content; each line occurs once and begins with the key that it concerns."""
    every = (_line(details["loc"], details["type"], details, kind) for details in error.errors(include_url=False))
    lines = list(dict.fromkeys(map(one_line, every)))
    more = [f"{len(lines) - _MOST_LINES:,} more mistakes"] if len(lines) > _MOST_LINES else []
    return lines[:_MOST_LINES] + more


def _line(location: Sequence[int | str], type_: str, details: Any, kind: type[BaseModel]) -> str:
    place = [part for part in location if part != "[key]"]
    if type_ == "missing":
        return _at(place[:-1], f"key `{place[-1]}` is missing")
    if type_ == "extra_forbidden":
        known = _keys(_model_at(kind, place[:-1]))
        return _at(place[:-1], f"unknown key `{place[-1]}`; {choices(str(place[-1]), known)}")
    if type_ == "value_error":
        return _at(place[:-1] if "[key]" in location else place, str(details["ctx"]["error"]))
    if type_ == "literal_error":
        expected = details["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return _at(place, f"{shown(details['input'])} is unknown; use one of: {expected}")
    if type_ == "string_type":
        in_quotes = "" if isinstance(details["input"], list | dict) else "; put it in quotes"
        return _at(place, f"expected text, found {shown(details['input'])}{in_quotes}")
    return _at(place, f"{details['msg']}, found {shown(details['input'])}")


def _at(place: Sequence[int | str], problem: str) -> str:
    return f"{'.'.join(map(str, place))}: {problem}" if place else problem


def _keys(kind: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in kind.model_fields.items()]


def _model_at(kind: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel]:
    for part in place:
        field = next((f for name, f in kind.model_fields.items() if (f.alias or name) == part), None)
        # keys of a dict and indexes of a list are not fields: the model is the one found before
        if field is not None and (inner := _first_model(field.annotation)) is not None:
            kind = inner
    return kind


def _first_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for inner in get_args(annotation) if (model := _first_model(inner))), None)
