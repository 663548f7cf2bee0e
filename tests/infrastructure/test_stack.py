"""The stack is made, changed and removed in an account on this machine; see `moto_account.py` for where it differs."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
import httpx
import pyarrow as pa
import pytest

from infrastructure.change_sets import Stack, StackFailed, Stacks, merged
from infrastructure.contents import HoldsData
from infrastructure.package import Package
from infrastructure.schedule import JobIsRunning, Schedule
from infrastructure.stack import STACK, bring_up, parameters_given, take_down
from loaders.exceptions import Misconfigured
from loaders.glue_lake import GlueLake
from schemahub.settings import PROJECT
from tests.infrastructure.moto_account import ACCOUNT, REGION, Account, Request

BUCKET = f"schemahub-{ACCOUNT}-{REGION}"
LAKE = f"s3://{BUCKET}/lake"


def buckets() -> list[str]:
    return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]


def databases() -> list[str]:
    return [database["Name"] for database in boto3.client("glue").get_databases()["DatabaseList"]]


def stacks() -> list[str]:
    return [stack["StackName"] for stack in boto3.client("cloudformation").describe_stacks()["Stacks"]]


def work_group() -> dict[str, Any]:
    found: dict[str, Any] = boto3.client("athena").get_work_group(WorkGroup="schemahub")["WorkGroup"]["Configuration"]
    return found


def triggers() -> dict[str, str]:
    return {each["Name"]: each["State"] for each in boto3.client("glue").get_triggers()["Triggers"]}


def land(table: str, count: int) -> None:
    """A table of the lake with that many rows; none, where that is 0."""
    rows = pa.table({"traded_at": pa.array([datetime(2026, 1, 5)] * count, pa.timestamp("us"))})
    made = GlueLake(LAKE).catalog.create_table(f"schemahub.{table}", rows.schema, location=f"{LAKE}/schemahub/{table}")
    if count:
        made.append(rows)


@contextmanager
def lasting_runs(account: Account) -> Iterator[None]:
    """Job runs go on; elsewhere they are over as soon as they are looked at."""
    transition = f"{account.endpoint}/moto-api/state-manager/set-transition"
    job_run = {"model_name": "glue::job_run"}
    httpx.post(transition, json={**job_run, "transition": {"progression": "manual", "times": 9}}, trust_env=False)
    yield
    httpx.post(transition, json={**job_run, "transition": {"progression": "immediate"}}, trust_env=False)


def changes(requests: list[Request]) -> Iterator[str]:
    """The recorded requests that change something of the lake: tables, objects, workgroups, jobs."""
    for request in requests:
        operation = request.target.partition(".")[2]
        if operation and not operation.startswith(("Get", "List", "Describe", "Batch")):
            yield operation
        if request.path.startswith(f"/{BUCKET}") and request.method in ("PUT", "DELETE"):
            yield f"{request.method} {request.path}"


def test_bootstrap_makes_the_bucket_closed_versioned_and_tidy(stack: Account) -> None:
    s3 = boto3.client("s3")
    assert buckets() == [BUCKET]
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    (encryption,) = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]}
    assert rules["results-expire"]["Filter"] == {"Prefix": "lake/.athena/"}
    assert rules["results-expire"]["Expiration"] == {"Days": 7}
    assert rules["unfinished-uploads-are-aborted"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    assert rules["old-versions-expire"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 14}


def test_bootstrap_makes_a_lake_that_can_be_written_and_read(stack: Account) -> None:
    assert databases() == ["schemahub"]
    land("raw_kraken_trades", 3)
    assert GlueLake(LAKE).catalog.load_table("schemahub.raw_kraken_trades").scan().count() == 3


def test_bootstrap_makes_a_work_group_that_limits_and_enforces(stack: Account) -> None:
    found = work_group()
    assert found["BytesScannedCutoffPerQuery"] == 100_000_000_000
    assert found["EnforceWorkGroupConfiguration"]
    assert found["PublishCloudWatchMetricsEnabled"]
    assert found["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    assert found["ResultConfiguration"]["OutputLocation"] == f"{LAKE}/.athena/"


def test_bootstrap_uploads_what_the_jobs_run(stack: Account, package: Package) -> None:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {each["Key"] for each in listed} == {f"lake/.jobs/{file.name}" for file in package.files}
    for name in ("schemahub-ingest", "schemahub-unify"):
        job = boto3.client("glue").get_job(JobName=name)["Job"]
        assert job["Command"]["ScriptLocation"] == f"{LAKE}/.jobs/{package.script.name}"
        assert job["DefaultArguments"]["--package"] == f"{LAKE}/.jobs/{package.code.name}"
        assert job["DefaultArguments"]["--additional-python-modules"] == f"{LAKE}/.jobs/{package.libraries.name}"
        assert (job["Command"]["Name"], job["GlueVersion"], job["NumberOfWorkers"]) == ("glueetl", "5.1", 2)


def test_nothing_runs_by_itself_before_the_schedule_is_on(stack: Account) -> None:
    assert triggers() == {}
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_schedule_starts_jobs_and_watches_that_they_succeed(account: Account, package: Package) -> None:
    bring_up(STACK, {"Schedule": "on", "AlarmEmail": "me@example.com", "StaleAfterHours": "5"}, package, dry_run=False)
    assert triggers() == {"schemahub-ingest": "ACTIVATED", "schemahub-unify": "ACTIVATED"}
    (subscription,) = boto3.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["Endpoint"] == "me@example.com"
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert {alarm["Dimensions"][0]["Value"] for alarm in alarms} == {"ingest", "unify"}
    for alarm in alarms:
        assert (alarm["TreatMissingData"], alarm["Period"] * alarm["EvaluationPeriods"]) == ("breaching", 5 * 3600)
        assert alarm["AlarmActions"] == [subscription["TopicArn"]]
    (rule,) = boto3.client("events").list_rules()["Rules"]
    (target,) = boto3.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == subscription["TopicArn"]


def test_runs_elsewhere_are_watched_and_not_started(account: Account, package: Package) -> None:
    bring_up(STACK, {"Schedule": "elsewhere"}, package, dry_run=False)
    assert triggers() == {}
    assert len(boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 2


def test_github_is_trusted_only_where_it_is_named(account: Account, package: Package) -> None:
    subject = "repo:owner/name:ref:refs/heads/main"
    bring_up(STACK, {"GitHubSubject": subject}, package, dry_run=False)
    roles = boto3.client("iam").list_roles()["Roles"]
    trust = {role["RoleName"].split("-")[1]: role["AssumeRolePolicyDocument"]["Statement"] for role in roles}
    assert {name: len(statements) for name, statements in trust.items()} == {
        "LoaderRole": 1,
        "DbtRole": 2,
        "AnalystRole": 1,
    }
    condition = trust["DbtRole"][1]["Condition"]["StringEquals"]
    assert condition["token.actions.githubusercontent.com:sub"] == subject


def test_second_bootstrap_changes_nothing(stack: Account, package: Package, capsys: pytest.CaptureFixture[str]) -> None:
    bring_up(STACK, {}, package, dry_run=False)
    printed = capsys.readouterr().out
    assert "nothing to change" in printed
    assert f"export SCHEMAHUB_LAKE={LAKE}" in printed
    assert list(changes(stack.recorder.requests)) == []


def test_bootstrap_changes_what_is_asked_and_keeps_the_rest(stack: Account, package: Package) -> None:
    bring_up(STACK, {"ScanLimitBytes": "20000000"}, package, dry_run=False)
    land("raw_kraken_trades", 3)
    bring_up(STACK, {"ResultDays": "3"}, package, dry_run=False)
    assert work_group()["BytesScannedCutoffPerQuery"] == 20_000_000
    rules = boto3.client("s3").get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert {"Days": 3} in [rule.get("Expiration") for rule in rules]
    assert GlueLake(LAKE).catalog.load_table("schemahub.raw_kraken_trades").scan().count() == 3


def test_dry_run_in_an_empty_account_leaves_it_empty(
    account: Account, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    bring_up(STACK, {}, package, dry_run=True)
    assert "+ LakeBucket        AWS::S3::Bucket" in capsys.readouterr().out
    assert (stacks(), buckets(), databases()) == ([], [], [])


def test_dry_run_shows_a_change_and_does_not_make_it(
    stack: Account, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    template = boto3.client("cloudformation").get_template(StackName=STACK)["TemplateBody"]
    bring_up(STACK, {"ScanLimitBytes": "20000000"}, package, dry_run=True)
    assert "dry run: nothing was done" in capsys.readouterr().out
    assert list(changes(stack.recorder.requests)) == []
    assert work_group()["BytesScannedCutoffPerQuery"] == 100_000_000_000
    assert boto3.client("cloudformation").get_template(StackName=STACK)["TemplateBody"] == template


def test_destroy_refuses_while_tables_hold_rows(stack: Account) -> None:
    land("raw_kraken_trades", 3)
    land("raw_binance_trades", 0)
    with pytest.raises(HoldsData, match=r"holds raw_kraken_trades 3 rows; .*--even-with-data"):
        take_down(STACK, even_with_data=False, dry_run=False)
    assert (stacks(), buckets(), databases()) == ([STACK], [BUCKET], ["schemahub"])
    assert GlueLake(LAKE).catalog.load_table("schemahub.raw_kraken_trades").scan().count() == 3


def test_destroy_refuses_a_table_whose_rows_it_can_not_tell(stack: Account) -> None:
    foreign = {"Name": "foreign", "StorageDescriptor": {"Columns": []}, "Parameters": {}}
    boto3.client("glue").create_table(DatabaseName="schemahub", TableInput=foreign)
    with pytest.raises(HoldsData, match=r"holds foreign \? rows"):
        take_down(STACK, even_with_data=False, dry_run=False)


def test_destroy_refuses_objects_of_no_table(stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
    land("raw_kraken_trades", 0)
    s3 = boto3.client("s3")
    for key in (".athena/result.csv", ".schemahub/locks/unify.json", "schemahub/dropped/data/1.parquet"):
        s3.put_object(Bucket=BUCKET, Key=f"lake/{key}", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="thesis.doc", Body=b"")
    take_down(STACK, even_with_data=False, dry_run=True)
    told = "objects of no table (2, such as lake/schemahub/dropped/data/1.parquet)"
    assert told in capsys.readouterr().out
    with pytest.raises(HoldsData, match=rf"holds {re.escape(told)}; .*--even-with-data"):
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
    told = "AnalystPolicy by user analyst, DbtPolicy by role schemahub-lambda; .*`aws iam detach-role-policy`"
    for dry_run in (True, False):
        with pytest.raises(StackFailed, match=told) as refused:
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


def test_destroy_looks_again_after_the_schedule_has_stopped(
    account: Account, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_up(STACK, {"Schedule": "on"}, package, dry_run=False)
    # as a run that ended between the two looks
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


def test_bootstrap_starts_a_schedule_that_was_stopped(
    account: Account, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    bring_up(STACK, {"Schedule": "on"}, package, dry_run=False)
    boto3.client("glue").stop_trigger(Name="schemahub-unify")
    capsys.readouterr()
    for dry_run, state in ((True, "DEACTIVATED"), (False, "ACTIVATED")):
        bring_up(STACK, {}, package, dry_run=dry_run)
        assert "~ schemahub-unify was stopped, and is started" in capsys.readouterr().out
        assert triggers() == {"schemahub-ingest": "ACTIVATED", "schemahub-unify": state}


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "for real"])
def test_bootstrap_refuses_names_that_are_taken(account: Account, package: Package, dry_run: bool) -> None:
    s3, glue = boto3.client("s3"), boto3.client("glue")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(Misconfigured, match=f"there is bucket {BUCKET} already, .*remove it first"):
        bring_up(STACK, {}, package, dry_run=dry_run)
    glue.create_database(DatabaseInput={"Name": "schemahub", "LocationUri": LAKE})
    with pytest.raises(Misconfigured, match=rf"bucket {BUCKET} and Glue database schemahub \({LAKE}\) already"):
        bring_up(STACK, {}, package, dry_run=dry_run)
    with pytest.raises(Misconfigured, match=r"there is Glue database schemahub \("):
        bring_up(STACK, {"Bucket": "another"}, package, dry_run=dry_run)
    assert stacks() == []


def test_destroy_without_a_stack_names_what_is_there(account: Account, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_destroy_goes_on_where_it_was_stopped(stack: Account, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_lake_does_not_move() -> None:
    there = Stack(STACK, "UPDATE_COMPLETE", {"Bucket": "", "Prefix": "lake"}, {"Bucket": BUCKET})
    defaults = {"Bucket": "", "Prefix": "lake"}
    assert merged(defaults, there, {"Bucket": BUCKET}) == defaults
    with pytest.raises(Misconfigured, match=f"has bucket '{BUCKET}', not 'other'"):
        merged(defaults, there, {"Bucket": "other"})
    with pytest.raises(Misconfigured, match="has prefix 'lake', not 'pond'"):
        merged(defaults, there, {"Prefix": "pond"})


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_IN_PROGRESS", "wait until that has ended"),
        ("ROLLBACK_COMPLETE", "make aws-destroy"),
        ("DELETE_FAILED", "make aws-destroy"),
        ("UPDATE_ROLLBACK_FAILED", "continue its rollback"),
    ],
)
def test_a_stack_that_can_not_change_is_told_with_advice(status: str, advice: str) -> None:
    with pytest.raises(StackFailed, match=f"`{STACK}` is in {status}.*{advice}"):
        Stack(STACK, status, {}, {}).check_may_change()


@pytest.mark.parametrize("status", ["", "REVIEW_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_other_stacks_may_change(status: str) -> None:
    Stack(STACK, status, {}, {}).check_may_change()


class RolledBack:
    """What CloudFormation says of a creation that failed."""

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"StackId": "arn:1", "StackStatus": "ROLLBACK_COMPLETE"}]}

    def get_paginator(self, _: str) -> "RolledBack":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        told = [
            ("WorkGroup", "CREATE_FAILED", "Resource creation cancelled"),
            ("LakeBucket", "CREATE_FAILED", "lake already exists"),
        ]
        events = [
            {
                "EventId": name,
                "LogicalResourceId": name,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": -number,
            }
            for number, (name, status, reason) in enumerate(told)
        ]
        self.told = getattr(self, "told", [])
        self.told.append(events)
        return [{"StackEvents": events if len(self.told) > 1 else []}]


def test_a_failed_creation_is_told_with_its_first_reason() -> None:
    said: list[str] = []
    with (
        pytest.raises(StackFailed, match="ended in ROLLBACK_COMPLETE: LakeBucket: lake already exists"),
        Stacks(RolledBack()).following(STACK, said.append),
    ):
        pass
    assert said == ["  LakeBucket        CREATE_FAILED", "  WorkGroup         CREATE_FAILED"]


def test_unknown_parameters_are_refused_with_the_choices() -> None:
    with pytest.raises(Misconfigured, match="did you mean `Schedule`"):
        parameters_given(["Shedule=on"])
    with pytest.raises(Misconfigured, match="--set Schedule: expected NAME=VALUE"):
        parameters_given(["Schedule"])
    assert parameters_given(["IngestCron=cron(0 * * * ? *)"], Bucket=None) == {"IngestCron": "cron(0 * * * ? *)"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "error: no AWS credentials were found"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "error: AWS can't be reached"),
        ({"AWS_DEFAULT_REGION": ""}, "error: no AWS region was found"),
        ({"AWS_PROFILE": "nobody"}, "error: The config profile (nobody) could not be found"),
    ],
    ids=["credentials", "network", "region", "profile"],
)
def test_what_is_missing_is_told_in_one_line(account: Account, settings: dict[str, str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.stack", "destroy"],
        cwd=PROJECT,
        env={**os.environ, "AWS_MAX_ATTEMPTS": "1", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
