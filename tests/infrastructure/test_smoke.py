"""The checks of `make aws-smoke` on the guarded moto of the tests, where only S3 and Glue behave like AWS.

The checks that need Athena must fail there, because it executes nothing.
"""

import subprocess
import sys

import boto3

from schemahub.settings import PROJECT
from simulator.aws.local_aws import LocalAws

ON_MOTO = {
    "S3 accepts a write only if its condition holds": "ok",
    "Glue refuses an update with an old VersionId": "ok",
    "the second of two commits is refused": "ok",
    "the workgroup is as the stack creates it": "FAILED",
    "Athena reads what we land": "FAILED",
    "we read what Athena writes": "FAILED",
}


def smoke(aws: LocalAws, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "infrastructure.smoke", *arguments],
        cwd=PROJECT,
        env=aws.child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_check_has_a_result_and_leaves_nothing(aws: LocalAws) -> None:
    bucket = aws.new_bucket()
    boto3.client("s3").put_object(Bucket=bucket, Key="lake/schemahub/kept", Body=b"")
    done = smoke(aws, "--yes", "123456789012/us-east-1", "--lake", f"s3://{bucket}/lake")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("removed")]
    verdicts = {line[8:].split(": ")[0]: line[:8].strip() for line in lines}
    assert (done.returncode, done.stderr, verdicts) == (1, "", ON_MOTO)
    assert [each["Key"] for each in boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == [
        "lake/schemahub/kept"
    ]
    assert "schemahub_smoke" not in [each["Name"] for each in boto3.client("glue").get_databases()["DatabaseList"]]


def test_checks_that_pass_end_with_zero(aws: LocalAws) -> None:
    lake = f"s3://{aws.new_bucket()}/lake"
    done = smoke(aws, "--yes", "123456789012/us-east-1", "--lake", lake, "--only", "VersionId")
    assert (done.returncode, done.stdout.count("\n")) == (0, 2)
    assert done.stdout.startswith(
        "ok      Glue refuses an update with an old VersionId: ConcurrentModificationException"
    )


def test_nothing_is_checked_without_naming_account_and_region(aws: LocalAws) -> None:
    for arguments in ((), ("--yes", "123456789012/eu-central-1")):
        done = smoke(aws, *arguments)
        assert done.returncode == 1
        assert "to allow that, add --yes 123456789012/us-east-1" in done.stderr
        assert done.stderr.count("\n") == 1


def test_an_existing_database_is_refused_and_kept(aws: LocalAws) -> None:
    lake, glue = f"s3://{aws.new_bucket()}/lake", boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "schemahub_smoke"})
    done = smoke(aws, "--yes", "123456789012/us-east-1", "--lake", lake, "--only", "VersionId")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: Glue database schemahub_smoke exists already")
    assert done.stderr.count("\n") == 1
    glue.delete_database(Name="schemahub_smoke")  # fails if the checks removed it
