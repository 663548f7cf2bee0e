"""Finds what is wrong with a lake in a folder and, if requested, repairs it."""

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse.errors import LakeUnavailable
from lakehouse.lake import Lake
from lakehouse.open import folder_lake
from lakehouse.repair.repair import Finding, examine, repair
from loaders.connectors import load_connectors
from registry.registry import Registry

from .context import UNIFYING
from .raw_tables import declared_columns


@dataclass(frozen=True)
class Repair:
    """What was found, and whether it was to be repaired."""

    findings: Sequence[Finding]
    applied: bool

    @property
    def by_hand(self) -> list[str]:
        """What a person must repair first. Nothing is changed until this is empty."""
        return [finding.what for finding in self.findings if finding.apply is None]

    def check_done(self) -> None:
        """Raise LakeUnavailable if a repair was requested and a person must do something first."""
        if self.applied and self.by_hand:
            raise LakeUnavailable(
                f"nothing was changed, because only you can repair {', '.join(self.by_hand)}; do that and run it again"
            )


def run_repair(lake: Lake, registry: Registry, *, apply: bool) -> Repair:
    """Find what is wrong, and repair it with `apply`; otherwise change nothing.

    Raises Misconfigured if the lake is in S3 or was moved, and LakeUnavailable if there is none.
    """
    in_folder = folder_lake(
        lake,
        otherwise=f"`repair` restores a lake in a folder, not {lake.location}: S3 keeps what it has accepted, "
        "and the bucket's versions bring back an earlier object, see docs/aws.md",
    )
    if not in_folder.folder.is_dir():
        raise LakeUnavailable(f"there is no lake in {str(in_folder.folder)!r}; name it with --lake")
    declared = {each.raw.name: each.raw for each in load_connectors(declared_columns(registry)).values()}
    if apply:
        return Repair(repair(in_folder, declared, writers=(*sorted(declared), UNIFYING)), applied=True)
    return Repair(examine(in_folder, declared), applied=False)
