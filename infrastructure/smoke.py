"""Checks whether a new account behaves as SchemaHub requires: `make aws-smoke YES=<account>/<region>`.

    python -m infrastructure.smoke --yes 123456789012/eu-central-1 [--lake s3://bucket/prefix] [--only Athena]

It works in a Glue database `schemahub_smoke` and a folder `.smoke` of the lake, and removes them with every version of
their files. A run costs less than a cent and takes a minute or two. It prints one line for each check, and its exit
code is 1 if one failed. The standard AWS variables direct it elsewhere, for example to a local Athena.
"""

import os
import sys
import time
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from lakehouse.aws_errors import aws_refusal
from lakehouse.errors import Misconfigured, SchemaHubError
from schemahub.cli.app import errors_end_the_process
from schemahub.settings import load_settings

from .deploy.stack import out
from .smoke_checks import CHECKS, Check, CheckFailed, Scratch

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help="Check whether a new AWS account behaves as SchemaHub requires.")
def smoke(
    yes: Annotated[
        str, typer.Option("--yes", help="The account and region to use, for example 123456789012/eu-central-1.")
    ] = "",
    lake: Annotated[str | None, typer.Option("--lake", help="s3://bucket/prefix.  [SCHEMAHUB_LAKE]")] = None,
    only: Annotated[str, typer.Option("--only", help="Run only the checks whose name contains this.")] = "",
) -> None:
    session = boto3.Session()
    if not session.region_name:
        raise NoRegionError
    account = session.client("sts").get_caller_identity()["Account"]
    where = f"{account}/{session.region_name}"
    if yes != where:
        found = f"found {yes!r}" if yes else "it is missing"
        raise Misconfigured(
            f"this would create and remove resources in account and region {where}, for less than a cent; "
            f"to allow that, add --yes {where} ({found})"
        )
    checks = {name: check for name, check in CHECKS.items() if only.lower() in name.lower()}
    if not checks:
        raise Misconfigured(f"no check has {only!r} in its name; the names are: {', '.join(CHECKS)}")
    if try_all(_scratch(lake or os.environ.get("SCHEMAHUB_LAKE", "")), checks):
        sys.exit(1)


def try_all(scratch: Scratch, checks: Mapping[str, Check]) -> list[str]:
    """Run the checks, print each result, remove what they created, and return the names of those that failed."""
    failed = []
    scratch.make()
    try:
        for name, check in checks.items():
            started = time.monotonic()
            verdict, seen = _verdict(scratch, check)
            if verdict == "FAILED":
                failed.append(name)
            out.print(f"{verdict:<8}{name}: {seen} ({time.monotonic() - started:.1f} s)", markup=False)
    finally:
        scratch.remove()
    out.print(f"removed what was created; {len(failed)} of {len(checks)} checks failed")
    return failed


def _verdict(scratch: Scratch, check: Check) -> tuple[str, str]:
    try:
        return "ok", check(scratch)
    except (CheckFailed, SchemaHubError) as error:
        return "FAILED", str(error)
    except (BotoCoreError, ClientError, OSError) as error:  # pyarrow's S3 file system raises OSError
        return "FAILED", aws_refusal(error) or str(error)


def _scratch(lake: str) -> Scratch:
    parts = urlsplit(lake)
    if parts.scheme != "s3" or not parts.netloc:
        raise Misconfigured(f"lake {lake!r}: expected s3://bucket/prefix in --lake or SCHEMAHUB_LAKE")
    return Scratch(parts.netloc, parts.path.strip("/"), load_settings().workgroup)


def main() -> None:
    """Run the command line."""
    with errors_end_the_process():
        app()


if __name__ == "__main__":
    main()
