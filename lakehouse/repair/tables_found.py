"""The tables whose files are in a lake's folder, whatever its catalog says about them.

<lake>/schemahub/raw_shop_orders/metadata/00012-….metadata.json
<lake>/schemahub/orders_unified-1a2b3c4d/metadata/00000-….metadata.json
"""

import json
from collections.abc import Iterator
from pathlib import Path

from ..layout import NAMESPACE


def table_folders(lake: Path) -> list[Path]:
    """The folders that hold a table's metadata."""
    return sorted({path.parent.parent for path in (lake / NAMESPACE).glob("*/metadata/*.metadata.json")})


def has_tables_with_rows(lake: Path) -> bool:
    """Whether a catalog must have existed, because some table has had a commit since it was created."""
    return any(_was_committed_to(path) for path in _all_metadata(lake))


def _all_metadata(lake: Path) -> Iterator[Path]:
    for folder in table_folders(lake):
        yield from sorted((folder / "metadata").glob("*.metadata.json"), reverse=True)


# a run that was killed while creating the first tables leaves metadata without a snapshot, which hold no rows
def _was_committed_to(metadata: Path) -> bool:
    try:
        return bool(json.loads(metadata.read_bytes()).get("snapshots"))
    except (ValueError, AttributeError):
        return True  # damaged, so there may have been rows
