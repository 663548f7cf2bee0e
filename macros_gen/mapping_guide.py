"""The tables of keys and transforms in docs/mappings.md, made from the models and from the catalogue of transforms.

The text around them is in `templates/mappings.md.jinja`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic.fields import FieldInfo

from registry import declarations
from registry.column_types import TYPES
from registry.declarations import Declaration
from registry.transforms import BY_TYPE, CATALOGUE

from .config_schemas import schema_of
from .transform_examples import EXAMPLES, Value

PATH = "docs/mappings.md"

_WORDS = {"string": "text", "integer": "whole number", "boolean": "`true` or `false`", "object": "keys and values"}


@dataclass(frozen=True)
class Key:
    """One key of a file, as one row of a table in the guide."""

    name: str
    holds: str
    is_required: bool
    description: str


def context() -> dict[str, object]:
    """Return everything that the template needs."""
    return {
        "declared": declarations,
        "keys_of": keys_of,
        "types": tuple(TYPES),
        "by_type": BY_TYPE,
        "catalogue": CATALOGUE,
        "examples_of": examples_of,
    }


def keys_of(model: type[Declaration], *, excluding: type[Declaration] | None = None) -> list[Key]:
    """Return the keys of a model, its own before inherited ones, without those that it inherits from `excluding`."""
    properties = schema_of(model)["properties"]
    left_out = excluding.model_fields if excluding else {}
    names = [name for name in dict.fromkeys([*model.__annotations__, *model.model_fields]) if name not in left_out]
    return [_key(name, model.model_fields[name], properties) for name in names if name in model.model_fields]


def _key(name: str, field: FieldInfo, properties: dict[str, dict[str, object]]) -> Key:
    written = field.alias or name
    described = " ".join(str(properties[written].get("description", "")).split())
    return Key(written, _holds(properties[written]), field.is_required(), described)


def _holds(schema: dict[str, object]) -> str:
    """Return in words what kind of value the key takes."""
    if "anyOf" in schema:
        return _holds(_not_null(schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{name}`" for name in _listed(schema["enum"]))
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if schema.get("type") == "array":
        items = schema.get("items")
        return f"list of {_plural(_holds(items))}" if isinstance(items, dict) else "list"
    return "keys and values" if "$ref" in schema else _WORDS.get(str(schema.get("type")), "value")


def _not_null(choices: object) -> dict[str, object]:
    return next(choice for choice in _listed(choices) if isinstance(choice, dict) and choice.get("type") != "null")


def _listed(found: object) -> list[object]:
    assert isinstance(found, list)
    return found


def _plural(word: str) -> str:
    return {"text": "texts", "value": "values", "keys and values": "entries"}.get(word, word)


def examples_of(transform: str) -> Iterator[tuple[str, str]]:
    """Return examples of inputs and outputs of a transform, as the guide shows them."""
    return ((_shown(given), _shown(made)) for given, made in EXAMPLES.get(transform, ()))


def _shown(value: Value) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".")
    return json.dumps(value, ensure_ascii=False).replace("e-0", "e-")
