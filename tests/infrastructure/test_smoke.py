"""The checks of `make aws-smoke`, tried where S3 and Glue alone are AWS-like: the guarded moto of the tests.

Those that need Athena fail there, as they must: it executes nothing.
"""

import subprocess
import sys

import boto3
import httpx
import pytest

from infrastructure.contents import object_versions
from infrastructure.smoke_roles import ROWS, WORK, AsRole, readable_table, roles_suffice
from infrastructure.smoke_scratch import CheckFailed, Scratch
from schemahub.settings import PROJECT
from simulator.aws.local_aws import LocalAws
from tests.infrastructure.iam_policies import Call, allow, calls, documents_of
from tests.infrastructure.moto_account import ACCOUNT, REGION, Account

BUCKET = f"schemahub-{ACCOUNT}-{REGION}"
ON_MOTO = {
    "S3 takes a write only if its condition holds": "ok",
    "Glue refuses an update with an old VersionId": "ok",
    "the second of two commits is refused": "ok",
    "the workgroup is as the stack makes it": "FAILED",
    "Athena reads what we land": "FAILED",
    "we read what Athena writes": "FAILED",
    "a statement about a day reads a day": "FAILED",
    "the limit cancels a statement": "FAILED",
    "OPTIMIZE and VACUUM are taken": "FAILED",
    "Athena runs every transform": "FAILED",
    "Lake Formation does not interfere": "ok",
    "the roles may do their work, and no more": "left out",
    "the Glue jobs run": "left out",
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


def test_every_check_has_its_verdict_and_leaves_nothing(aws: LocalAws) -> None:
    bucket = aws.new_bucket()
    boto3.client("s3").put_object(Bucket=bucket, Key="lake/schemahub/kept", Body=b"")
    done = smoke(aws, "--yes", "123456789012/us-east-1", "--lake", f"s3://{bucket}/lake")
    lines = [line for line in done.stdout.splitlines() if not line.startswith("removed")]
    verdicts = {line[9:].split(": ")[0]: line[:9].strip() for line in lines}
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
        "ok       Glue refuses an update with an old VersionId: ConcurrentModificationException"
    )


def test_nothing_is_tried_without_naming_account_and_region(aws: LocalAws) -> None:
    for arguments in ((), ("--yes", "123456789012/eu-central-1")):
        done = smoke(aws, *arguments)
        assert done.returncode == 1
        assert "to allow that, say --yes 123456789012/us-east-1" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_database_that_is_there_is_refused_and_kept(aws: LocalAws) -> None:
    lake, glue = f"s3://{aws.new_bucket()}/lake", boto3.client("glue")
    glue.create_database(DatabaseInput={"Name": "schemahub_smoke"})
    done = smoke(aws, "--yes", "123456789012/us-east-1", "--lake", lake, "--only", "VersionId")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is a Glue database schemahub_smoke already")
    assert done.stderr.count("\n") == 1
    glue.delete_database(Name="schemahub_smoke")  # fails where the smoke removed it


def answer(account: Account, *rows: str) -> None:
    """What each of the next statements answers on moto's Athena."""
    result = {"rows": [{"Data": [{"VarCharValue": row}]} for row in rows], "column_info": []}
    httpx.post(
        f"{account.endpoint}/moto-api/static/athena/query-results",
        json={"account_id": ACCOUNT, "region": REGION, "results": [result] * 9},
        trust_env=False,
    ).raise_for_status()


@pytest.mark.parametrize("name", WORK)
def test_roles_may_do_what_is_tried_under_them(stack: Account, name: str) -> None:
    policy = documents_of(
        *(
            each["Arn"]
            for each in boto3.client("iam").list_policies(Scope="Local")["Policies"]
            if f"-{name.replace('Role', 'Policy')}-" in each["PolicyName"]
        )
    )
    answer(stack, "_col0", str(ROWS))
    scratch = Scratch(BUCKET, "lake", "schemahub")
    role = AsRole(name, scratch, boto3.Session(), readable_table(scratch))
    stack.recorder.requests.clear()
    for probe in WORK[name].may.values():
        probe(role)
    asked = calls(stack.recorder.requests)
    assert Call("s3:ListBucket", f"arn:aws:s3:::{BUCKET}") in asked
    assert [call for call in asked if not allow(policy, call)] == []


def test_what_is_tried_under_the_roles_leaves_no_version(stack: Account) -> None:
    before = [*object_versions(BUCKET)]
    scratch = Scratch(BUCKET, "lake", "schemahub")
    scratch.make()
    answer(stack, "_col0", str(ROWS))
    with pytest.raises(CheckFailed, match="LoaderRole may use Athena"):  # moto refuses nobody anything
        roles_suffice(scratch)
    assert [*object_versions(BUCKET)] != before
    scratch.remove()
    assert [*object_versions(BUCKET)] == before
    assert boto3.client("glue").get_tables(DatabaseName="schemahub")["TableList"] == []


def test_an_athena_that_answers_wrongly_is_told(stack: Account) -> None:
    answer(stack, "_col0", "0")
    scratch = Scratch(BUCKET, "lake", "schemahub")
    role = AsRole("AnalystRole", scratch, boto3.Session(), readable_table(scratch))
    with pytest.raises(CheckFailed, match=r"AnalystRole: `select count.* and 3 rows were written"):
        role.queries("schemahub")
