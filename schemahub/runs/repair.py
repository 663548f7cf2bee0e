"""`schemahub repair`: what is wrong with a lake in a folder, and, if wanted, its repair."""

from collections.abc import Iterator

from lakehouse.errors import LakeUnavailable, Misconfigured
from lakehouse.lake import Lake
from lakehouse.local import LocalLake
from lakehouse.repair.repair import Finding, examine, repair
from loaders.connectors import load_connectors
from registry.registry import Registry

from .coordinator import UNIFYING
from .raw_tables import declared_columns


def run_repair(lake: Lake, registry: Registry, *, apply: bool) -> Iterator[str]:
    """Tell what is wrong and what is, or would be, done about it; with `apply` do it, otherwise change nothing.

    Raises:
        LakeUnavailable: with `apply`, where something must be done by a person first.
        Misconfigured: the lake is in S3.
    """
    if not isinstance(lake, LocalLake):
        raise Misconfigured(
            f"`repair` brings back a lake in a folder, and not {lake.location}: S3 keeps whatever it has taken, and an "
            "earlier version of an object comes back by the bucket's versions, see docs/aws.md"
        )
    declared = {connector.raw.name: connector.raw for connector in load_connectors(declared_columns(registry)).values()}
    writers = (*sorted(declared), UNIFYING)
    findings = repair(lake, declared, writers=writers) if apply else examine(lake, declared)
    yield from map(str, findings)
    yield _outcome(findings, apply=apply)


def _outcome(findings: list[Finding], *, apply: bool) -> str:
    if not findings:
        return "every table is whole, and the ledger tells what the raw tables hold"
    by_hand = ", ".join(finding.what for finding in findings if finding.apply is None)
    if apply and by_hand:
        raise LakeUnavailable(f"nothing was changed, since only you can mend {by_hand}; do that, and run this again")
    if apply:
        return "done; now run `schemahub run pipeline trades_unified`"
    return "nothing was changed; `schemahub repair --apply` does this"
