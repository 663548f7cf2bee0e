"""Shows a seed file, and what an update changes in it."""

from collections.abc import Iterator

from ..seeds import Seed, SeedUpdate

_MOST_NAMES = 10
"""The maximum number of names in one line."""


def update_lines(exchange: str, update: SeedUpdate, path: str, *, is_written: bool) -> Iterator[str]:
    """What was written, or would be."""
    did = "wrote" if is_written else "would write"
    changes = f"{update.new:,} new, {update.kept:,} kept, {update.gone:,} gone"
    yield f"{exchange}: {did} {len(update.seed.product_ids):,} products to {path}: {changes}"
    yield from (f"  {remark}" for remark in update.remarks)
    if not is_written:
        yield f"  all: {_names(update.seed)}"


def seed_lines(seed: Seed, path: str) -> Iterator[str]:
    """What a seed file holds."""
    updated = f", last updated {seed.last_updated}" if seed.last_updated else ""
    delisted = f", {len(seed.delisted):,} of them no longer listed" if seed.delisted else ""
    of = f" of {seed.source}" if seed.source else ""
    yield f"{path} holds {len(seed.product_ids):,} products{of}{delisted}{updated}"
    yield f"  all: {_names(seed)}"


def _names(seed: Seed) -> str:
    names = seed.product_ids
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
