"""The transforms that a mapping can name: what each means, and the types that it takes and gives.

A column whose type no mapping declares is converted through text. If a column already has the type that a transform
gives, and the transform doesn't take that type, the transform leaves the values unchanged. No transform fails on a bad
value: it gives null (or UNKNOWN), and a target that requires the column refuses the row.
"""

from collections.abc import Mapping

from ..column_types import TYPES
from .core import CORE, PLAIN
from .market import MARKET
from .transform import Transform

CATALOGUE: Mapping[str, Transform] = {**CORE, **MARKET}

BY_TYPE: Mapping[str, str] = {type_: next(name for name in PLAIN if CORE[name].gives == type_) for type_ in TYPES}
"""For each type, the transform that gives it if a mapping names no transform and declares no source type."""


def fitting(source_type: str | None, target_type: str) -> list[str]:
    """Names of the transforms from `source_type` to `target_type`; if the source type is None, from any type."""
    return [
        name
        for name, transform in CATALOGUE.items()
        if (transform.gives == target_type if source_type is None else transform.fits(source_type, target_type))
    ]
