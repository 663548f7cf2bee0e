"""The stack is created and changed in an account on this machine; `moto_account.py` says how it differs from AWS."""

import os
import subprocess
import sys
from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError

from infrastructure.deploy.change_sets import Stack, StackFailed, Stacks, merged
from infrastructure.deploy.package import Package
from infrastructure.deploy.stack import STACK, bring_up, parameters_given
from lakehouse.errors import Misconfigured
from lakehouse.glue import GlueLake
from schemahub.settings import PROJECT
from tests.infrastructure.moto_account import REGION, Account
from tests.infrastructure.what_is_there import (
    BUCKET,
    LAKE,
    buckets,
    changes,
    databases,
    land,
    stacks,
    triggers,
    work_group,
)


def test_bootstrap_creates_a_private_versioned_bucket_that_expires_old_files(stack: Account) -> None:
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


def test_bootstrap_creates_a_lake_that_can_be_written_and_read(stack: Account) -> None:
    assert databases() == ["schemahub"]
    land("raw_kraken_trades", 3)
    assert GlueLake(LAKE).catalog.load_table("schemahub.raw_kraken_trades").scan().count() == 3


def test_bootstrap_creates_a_workgroup_that_enforces_its_limit(stack: Account) -> None:
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


def test_nothing_runs_before_the_schedule_is_on(stack: Account) -> None:
    assert triggers() == {}
    assert boto3.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_schedule_starts_jobs_and_alarms_watch_their_success(account: Account, package: Package) -> None:
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


def test_github_is_trusted_only_if_it_is_named(account: Account, package: Package) -> None:
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


def test_bootstrap_changes_what_is_given_and_keeps_the_rest(stack: Account, package: Package) -> None:
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


def test_lake_cannot_be_moved() -> None:
    there = Stack(STACK, "UPDATE_COMPLETE", {"Bucket": "", "Prefix": "lake"}, {"Bucket": BUCKET})
    defaults = {"Bucket": "", "Prefix": "lake"}
    assert merged(defaults, there, {"Bucket": BUCKET}) == defaults
    with pytest.raises(Misconfigured, match=f"has bucket '{BUCKET}', not 'other'"):
        merged(defaults, there, {"Bucket": "other"})
    with pytest.raises(Misconfigured, match="has prefix 'lake', not 'pond'"):
        merged(defaults, there, {"Prefix": "pond"})


def test_a_stack_that_somebody_changes_is_left_alone() -> None:
    with pytest.raises(StackFailed, match=f"`{STACK}` is in UPDATE_IN_PROGRESS: wait until that has ended"):
        Stack(STACK, "UPDATE_IN_PROGRESS", {}, {}).check_is_at_rest()
    Stack(STACK, "REVIEW_IN_PROGRESS", {}, {}).check_is_at_rest()


class RolledBack:
    """CloudFormation's responses about a creation that failed."""

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        return {"Stacks": [{"StackId": "arn:1", "StackStatus": "ROLLBACK_COMPLETE"}]}

    def get_paginator(self, _: str) -> "RolledBack":
        return self

    def get_waiter(self, _: str) -> "RolledBack":
        return self

    def wait(self, **_: object) -> None:
        raise WaiterError("StackCreateComplete", "terminal failure state", {})

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        states = [
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
            for number, (name, status, reason) in enumerate(states)
        ]
        self.pages = getattr(self, "pages", [])
        self.pages.append(events)
        return [{"StackEvents": events if len(self.pages) > 1 else []}]


def test_a_failed_creation_is_reported_with_its_first_reason() -> None:
    with (
        pytest.raises(StackFailed, match=f"`{STACK}` could not be changed: LakeBucket: lake already exists"),
        Stacks(RolledBack()).waiting("stack_create_complete", STACK),
    ):
        pass


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
def test_what_is_missing_is_reported_in_one_line(account: Account, settings: dict[str, str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.deploy.stack", "destroy"],
        cwd=PROJECT,
        env={**os.environ, "AWS_MAX_ATTEMPTS": "1", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
