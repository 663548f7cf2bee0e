"""`make aws-destroy` on moto: what it removes, and what it refuses to remove."""

import re

import boto3
import pytest

from infrastructure.deploy.change_sets import StackFailed
from infrastructure.deploy.contents import HoldsData
from infrastructure.deploy.package import Package
from infrastructure.deploy.schedule import JobIsRunning, Schedule
from infrastructure.deploy.stack import STACK, bring_up, take_down
from lakehouse.glue import GlueLake
from tests.infrastructure.moto_account import REGION, Account
from tests.infrastructure.what_is_there import (
    BUCKET,
    LAKE,
    buckets,
    changes,
    databases,
    land,
    lasting_runs,
    stacks,
    triggers,
)


def test_destroy_refuses_while_tables_hold_rows(stack: Account) -> None:
    land("raw_kraken_trades", 3)
    land("raw_binance_trades", 0)
    with pytest.raises(HoldsData, match=r"holds raw_kraken_trades 3 rows; .*--even-with-data"):
        take_down(STACK, even_with_data=False, dry_run=False)
    assert (stacks(), buckets(), databases()) == ([STACK], [BUCKET], ["schemahub"])
    assert GlueLake(LAKE).catalog.load_table("schemahub.raw_kraken_trades").scan().count() == 3


def test_destroy_refuses_a_table_whose_rows_it_cannot_count(stack: Account) -> None:
    foreign = {"Name": "foreign", "StorageDescriptor": {"Columns": []}, "Parameters": {}}
    boto3.client("glue").create_table(DatabaseName="schemahub", TableInput=foreign)
    with pytest.raises(HoldsData, match=r"holds foreign \? rows"):
        take_down(STACK, even_with_data=False, dry_run=False)


def test_destroy_refuses_objects_outside_all_tables(stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    land("raw_kraken_trades", 0)
    s3 = boto3.client("s3")
    for key in (".athena/result.csv", ".schemahub/locks/unify.json", "schemahub/dropped/data/1.parquet"):
        s3.put_object(Bucket=BUCKET, Key=f"lake/{key}", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="thesis.doc", Body=b"")
    take_down(STACK, even_with_data=False, dry_run=True)
    line = "objects outside all tables (2, such as lake/schemahub/dropped/data/1.parquet)"
    assert line in capsys.readouterr().out
    with pytest.raises(HoldsData, match=rf"holds {re.escape(line)}; .*--even-with-data"):
        take_down(STACK, even_with_data=False, dry_run=False)
    assert s3.head_object(Bucket=BUCKET, Key="thesis.doc")
    take_down(STACK, even_with_data=True, dry_run=False)
    assert (stacks(), buckets(), databases()) == ([], [], [])


def test_destroy_refuses_while_others_use_its_policies(stack: Account) -> None:
    iam = boto3.client("iam")
    policies = {each["PolicyName"].split("-")[1]: each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"]}
    own = next(each["RoleName"] for each in iam.list_roles()["Roles"] if "-DbtRole-" in each["RoleName"])
    iam.create_role(RoleName="schemahub-lambda", AssumeRolePolicyDocument="{}")
    iam.create_user(UserName="analyst")
    for role in (own, "schemahub-lambda"):  # moto leaves out what the template attaches
        iam.attach_role_policy(RoleName=role, PolicyArn=policies["DbtPolicy"])
    iam.attach_user_policy(UserName="analyst", PolicyArn=policies["AnalystPolicy"])
    stack.recorder.requests.clear()
    line = "AnalystPolicy by user analyst, DbtPolicy by role schemahub-lambda; .*`aws iam detach-role-policy`"
    for dry_run in (True, False):
        with pytest.raises(StackFailed, match=line) as refused:
            take_down(STACK, even_with_data=True, dry_run=dry_run)
        assert own not in str(refused.value)
    assert list(changes(stack.recorder.requests)) == []
    for role in (own, "schemahub-lambda"):
        iam.detach_role_policy(RoleName=role, PolicyArn=policies["DbtPolicy"])
    iam.detach_user_policy(UserName="analyst", PolicyArn=policies["AnalystPolicy"])
    take_down(STACK, even_with_data=True, dry_run=False)
    assert stacks() == []


def test_destroy_removes_a_lake_without_rows(stack: Account) -> None:
    land("raw_kraken_trades", 0)
    view = {"Name": "trades", "TableType": "VIRTUAL_VIEW", "Parameters": {}}
    boto3.client("glue").create_table(DatabaseName="schemahub", TableInput=view)
    take_down(STACK, even_with_data=False, dry_run=False)
    assert (stacks(), buckets(), databases()) == ([], [], [])
    assert boto3.client("iam").list_roles()["Roles"] == []


def test_destroy_stops_the_schedule(account: Account, package: Package) -> None:
    bring_up(STACK, {"Schedule": "on"}, package, dry_run=False)
    account.recorder.requests.clear()
    take_down(STACK, even_with_data=False, dry_run=False)
    done = list(changes(account.recorder.requests))
    assert done.index("StopTrigger") < done.index("DeleteDatabase")
    assert (stacks(), buckets(), databases(), triggers()) == ([], [], [], {})


def test_destroy_refuses_while_a_job_runs_and_starts_its_schedule_again(account: Account, package: Package) -> None:
    bring_up(STACK, {"Schedule": "on"}, package, dry_run=False)
    with lasting_runs(account):
        run = boto3.client("glue").start_job_run(JobName="schemahub-unify")["JobRunId"]
        account.recorder.requests.clear()
        with pytest.raises(JobIsRunning, match=f"job `schemahub-unify` is STARTING, run {run}; wait"):
            take_down(STACK, even_with_data=True, dry_run=False)
    assert list(changes(account.recorder.requests)) == ["StopTrigger", "StopTrigger", "StartTrigger", "StartTrigger"]
    assert triggers() == {"schemahub-ingest": "ACTIVATED", "schemahub-unify": "ACTIVATED"}
    assert (stacks(), buckets(), databases()) == ([STACK], [BUCKET], ["schemahub"])


def test_destroy_checks_again_after_the_schedule_has_stopped(
    account: Account, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_up(STACK, {"Schedule": "on"}, package, dry_run=False)
    # like a run that ended between the two checks
    monkeypatch.setattr(Schedule, "check_nothing_runs", lambda _: land("raw_kraken_trades", 3))
    with pytest.raises(HoldsData, match="holds raw_kraken_trades 3 rows"):
        take_down(STACK, even_with_data=False, dry_run=False)
    assert triggers() == {"schemahub-ingest": "ACTIVATED", "schemahub-unify": "ACTIVATED"}


def test_a_refused_destroy_leaves_the_schedule_alone(account: Account, package: Package) -> None:
    bring_up(STACK, {"Schedule": "on"}, package, dry_run=False)
    land("raw_kraken_trades", 3)
    account.recorder.requests.clear()
    with pytest.raises(HoldsData):
        take_down(STACK, even_with_data=False, dry_run=False)
    assert list(changes(account.recorder.requests)) == []


def test_destroy_without_a_stack_names_what_exists(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    boto3.client("glue").create_database(DatabaseInput={"Name": "schemahub", "LocationUri": LAKE})
    take_down(STACK, even_with_data=True, dry_run=False)
    assert f"but there is bucket {BUCKET} and Glue database schemahub ({LAKE}); docs/aws.md" in capsys.readouterr().out
    assert (buckets(), databases()) == ([BUCKET], ["schemahub"])


def test_destroy_even_with_data_removes_rows_and_every_old_version(
    stack: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    land("raw_kraken_trades", 3)
    s3 = boto3.client("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=BUCKET, Key="lake/schemahub/again", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="lake/schemahub/again")
    take_down(STACK, even_with_data=True, dry_run=False)
    assert "raw_kraken_trades 3 rows" in capsys.readouterr().out
    assert (stacks(), buckets(), databases()) == ([], [], [])


def test_destroy_dry_run_shows_what_would_go_and_keeps_it(stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    land("raw_kraken_trades", 3)
    stack.recorder.requests.clear()
    take_down(STACK, even_with_data=True, dry_run=True)
    printed = capsys.readouterr().out
    assert "raw_kraken_trades 3 rows" in printed
    assert f"objects of {BUCKET}, old versions included" in printed
    assert "WorkGroup" in printed
    assert list(changes(stack.recorder.requests)) == []
    assert (stacks(), buckets()) == ([STACK], [BUCKET])


def test_destroy_continues_where_it_was_stopped(stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    s3 = boto3.client("s3")
    for each in s3.list_object_versions(Bucket=BUCKET)["Versions"]:
        s3.delete_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
    boto3.client("glue").delete_database(Name="schemahub")
    take_down(STACK, even_with_data=False, dry_run=False)
    assert stacks() == []
    take_down(STACK, even_with_data=False, dry_run=False)
    printed = capsys.readouterr().out
    assert printed.endswith("there is no such stack: nothing to remove\n")
