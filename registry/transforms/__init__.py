"""The transforms that a mapping can name: what each means, and the types that it takes and gives.

Every transform takes text, so a column whose type no mapping declares goes through text. On a column that already has
the type a transform gives, and that it doesn't take, it is the identity. None of them fails on a bad value: it gives
null (or UNKNOWN), and a target that requires the column refuses the row.
"""

from collections.abc import Mapping

from ..column_types import TYPES
from .core import CORE, PLAIN
from .market import MARKET
from .transform import Transform

CATALOGUE: Mapping[str, Transform] = {**CORE, **MARKET}

BY_TYPE: Mapping[str, str] = {type_: next(name for name in PLAIN if CORE[name].gives == type_) for type_ in TYPES}
"""The transform that gives a type where a mapping names none and declares no source type."""


def fitting(source_type: str | None, target_type: str) -> list[str]:
    """Names of the transforms that give `target_type`; of all source types where that is not known."""
    return [
        name
        for name, transform in CATALOGUE.items()
        if (transform.gives == target_type if source_type is None else transform.fits(source_type, target_type))
    ]
