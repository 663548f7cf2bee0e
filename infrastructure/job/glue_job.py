"""The script of the Glue jobs: fetches SchemaHub's package, runs one command of it, and reports success to CloudWatch.

Glue starts this file alone, with the libraries that `package.py` packed, and with the arguments of template.yaml:

    --package s3://bucket/lake/.jobs/schemahub-1a2b3c.zip --lake s3://bucket/lake --region eu-central-1
    --run ingest --command "run ingest"

Several commands are joined by `&&`, as in a shell: "run unify trades_unified && run events".

Glue adds its own arguments, which are ignored. The command runs in a separate process, so that it isn't affected by
what Glue has loaded into this one, such as older libraries. Spark is not used.
"""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import boto3

NAMESPACE = "SchemaHub"
METRIC = "SucceededRuns"
"""The metric that the alarms on missing runs watch. Its dimension `Run` is `ingest` or `unify`."""


class RunFailed(Exception):
    """The command ended with an error; the message ends with its last output."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as the arguments say; raises RunFailed, which Glue shows as the reason of the failed job run."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("package", "lake", "region", "run", "command"):
        parser.add_argument(f"--{name}", required=True)
    options, _ = parser.parse_known_args(arguments)
    os.environ |= {"AWS_REGION": options.region, "AWS_DEFAULT_REGION": options.region}
    with tempfile.TemporaryDirectory(prefix="schemahub-") as work:
        code = Path(work, "code")
        unpack(options.package, code)
        settings = {"SCHEMAHUB_LAKE": options.lake, "XDG_CACHE_HOME": str(Path(work, "cache"))}
        run(options.command, code, settings)
    report_success(options.run)


def unpack(package: str, folder: Path) -> None:
    """Fetch a zip, for example s3://bucket/lake/.jobs/schemahub-1a2b3c.zip, and unpack it into a new folder."""
    address = urlsplit(package)
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".zip")
    boto3.client("s3").download_file(address.netloc, address.path.lstrip("/"), str(archive))
    with zipfile.ZipFile(archive) as content:
        content.extractall(folder)
    archive.unlink()


def run(
    command: str, code: Path, settings: Mapping[str, str], *, module: str = "schemahub", folder: Path | None = None
) -> None:
    """Run `schemahub <command>` of the project in `code`, from `folder` (by default `code`); raises RunFailed.

    Of several commands, joined by `&&`, one that fails is the last.
    """
    # all places where this process finds its libraries, however Glue set them
    path = os.pathsep.join([str(code), *filter(None, sys.path)])
    for each in map(str.strip, command.split("&&")):
        done = subprocess.run(
            [sys.executable, "-m", module, *shlex.split(each)],
            cwd=folder or code,
            env={**os.environ, "PYTHONPATH": path, **settings},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        sys.stderr.write(done.stderr)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it printed no error"])[-1]
            raise RunFailed(f"schemahub {each} ended with status {done.returncode}: {last}")


def report_success(name: str) -> None:
    """Count one successful run of `ingest` or `unify` in CloudWatch."""
    data = {"MetricName": METRIC, "Dimensions": [{"Name": "Run", "Value": name}], "Value": 1, "Unit": "Count"}
    boto3.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[data])


if __name__ == "__main__":
    main()
