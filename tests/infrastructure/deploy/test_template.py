"""The template: what it says, and what AWS's own checker says about it."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from infrastructure.deploy.package import Package
from infrastructure.deploy.stack import STACK, TEMPLATE, _TemplateLoader, bring_up
from schemahub.settings import PROJECT
from tests.infrastructure.iam_policies import Call, Document, allow, documents_of, glue, statements
from tests.infrastructure.moto_account import ACCOUNT, COMPLETED, REGION, Account, known_to_moto, use

KNOWS_NO_RESOURCE = {
    "athena:ListDataCatalogs",
    "athena:ListEngineVersions",
    "athena:ListWorkGroups",
    "cloudwatch:PutMetricData",
    "lakeformation:GetDataAccess",
}
"""https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html,
read 2026-11-24."""
BUCKET = f"arn:aws:s3:::schemahub-{ACCOUNT}-{REGION}"
WORK_GROUP = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    template: dict[str, Any] = yaml.load(TEMPLATE.read_text(), Loader=_TemplateLoader)
    return template


@pytest.fixture(scope="module")
def policies(shared_account: Account, package: Package) -> dict[str, list[Document]]:
    """The policies' documents as the stack creates them, by name in the template."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        use(shared_account, monkeypatch)
        bring_up(STACK, {}, package, dry_run=False)
        found = boto3.client("iam").list_policies(Scope="Local")["Policies"]
        return {each["PolicyName"].split("-")[1]: documents_of(each["Arn"]) for each in found}


def test_cfn_lint_finds_nothing() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--", TEMPLATE],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_every_parameter_has_a_default_and_says_what_it_is(template: dict[str, Any]) -> None:
    incomplete = {
        name for name, given in template["Parameters"].items() if not {"Default", "Description"} <= given.keys()
    }
    assert incomplete == set()


def test_bucket_and_database_outlive_the_stack(template: dict[str, Any]) -> None:
    kept = {
        name
        for name, resource in template["Resources"].items()
        if (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")) == ("RetainExceptOnCreate", "Retain")
    }
    assert kept == {"LakeBucket", "Database"}


def test_bucket_refuses_requests_without_tls(template: dict[str, Any]) -> None:
    (statement,) = template["Resources"]["LakeBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_topic_accepts_rules_without_a_condition_and_alarms_of_this_account(template: dict[str, Any]) -> None:
    policy = template["Resources"]["AlarmsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {
        each["Principal"]["Service"]: (each["Effect"], each["Action"], each.get("Condition")) for each in policy
    } == {
        "events.amazonaws.com": ("Allow", "sns:Publish", None),
        "cloudwatch.amazonaws.com": (
            "Allow",
            "sns:Publish",
            {"StringEquals": {"aws:SourceAccount": None}},  # a !Ref, which the loader leaves out
        ),
    }


def test_rule_reports_each_failed_run_in_valid_json(stack: Account) -> None:
    events = boto3.client("events")
    (rule,) = events.list_rules()["Rules"]
    assert json.loads(rule["EventPattern"]) == {
        "source": ["aws.glue"],
        "detail-type": ["Glue Job State Change"],
        "detail": {"jobName": ["schemahub-ingest", "schemahub-unify"], "state": ["FAILED", "ERROR", "TIMEOUT"]},
    }
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    names = {"job": "$.detail.jobName", "state": "$.detail.state", "run": "$.detail.jobRunId"}
    assert target["InputTransformer"]["InputPathsMap"] == names  # none has free text, which would have to be escaped
    text = target["InputTransformer"]["InputTemplate"]
    assert set(re.findall("<(.*?)>", text)) == names.keys()
    assert "/aws-glue/jobs/error" in json.loads(text)


def test_tables_that_dbt_creates_are_not_among_the_results_that_expire() -> None:
    golden = PROJECT / "tests" / "athena" / "golden"
    locations = [
        found for file in golden.glob("*.sql") for found in re.findall(r"location\s*=?\s*'(.*?)'", file.read_text())
    ]
    assert any("/schemahub/products/" in location for location in locations)
    assert [location for location in locations if "/.athena/" in location] == []


def test_what_moto_lacks_is_created_through_its_services(template: dict[str, Any]) -> None:
    types = {resource["Type"] for resource in template["Resources"].values()}
    assert {name for name in types if not known_to_moto(name)} == COMPLETED.keys() - {"AWS::S3::Bucket"}


@pytest.mark.parametrize("name", ["LoaderPolicy", "DbtPolicy", "AnalystPolicy", "JobPolicy"])
def test_policies_name_actions_and_resources(policies: dict[str, list[Document]], name: str) -> None:
    for actions, resources, condition in statements(policies[name]):
        assert [action for action in actions if "*" in action] == []
        if "*" in resources:
            assert set(actions) <= KNOWS_NO_RESOURCE
            assert condition or "cloudwatch:PutMetricData" not in actions
        else:
            assert [resource for resource in resources if resource.count("*") > resource.endswith("/*")] == []


@pytest.mark.parametrize(
    ("who", "what", "is_allowed"),
    [
        ("LoaderPolicy", Call("s3:PutObject", f"{BUCKET}/lake/schemahub/raw_kraken_trades/data/1.parquet"), True),
        ("LoaderPolicy", Call("s3:PutObject", f"{BUCKET}/lake/.schemahub/locks/unify.json"), True),
        ("LoaderPolicy", Call("s3:PutObject", f"{BUCKET}/lake/.jobs/glue_job-1.py"), False),
        ("LoaderPolicy", Call("s3:PutObject", f"{BUCKET}/elsewhere/schemahub/1.parquet"), False),
        ("LoaderPolicy", Call("s3:ListBucket", BUCKET), True),
        ("LoaderPolicy", Call("s3:ListBucket", BUCKET, {"s3:prefix": "elsewhere/"}), False),
        ("LoaderPolicy", Call("s3:DeleteBucket", BUCKET), False),
        ("LoaderPolicy", Call("athena:StartQueryExecution", f"{WORK_GROUP}/schemahub"), False),
        ("LoaderPolicy", glue("UpdateTable", "schemahub", "raw_kraken_trades")[2], True),
        ("LoaderPolicy", glue("UpdateTable", "payroll", "salaries")[2], False),
        ("LoaderPolicy", glue("DeleteTable", "schemahub", "raw_kraken_trades")[2], False),
        ("DbtPolicy", Call("athena:StartQueryExecution", f"{WORK_GROUP}/schemahub"), True),
        ("DbtPolicy", Call("athena:StartQueryExecution", f"{WORK_GROUP}/primary"), False),
        ("DbtPolicy", Call("athena:UpdateWorkGroup", f"{WORK_GROUP}/schemahub"), False),
        ("DbtPolicy", Call("s3:DeleteObject", f"{BUCKET}/lake/schemahub/trades_1m/1/data/1.parquet"), True),
        ("DbtPolicy", Call("s3:GetObject", f"{BUCKET}/lake/.athena/1.csv"), True),
        ("DbtPolicy", Call("s3:PutObject", f"{BUCKET}/lake/.jobs/glue_job-1.py"), False),
        ("DbtPolicy", glue("DeleteTable", "schemahub", "trades_unified__dbt_tmp")[2], True),
        ("DbtPolicy", glue("DeleteDatabase", "schemahub")[1], False),
        ("LoaderPolicy", Call("lakeformation:GetDataAccess", "*"), True),
        ("DbtPolicy", Call("lakeformation:GetDataAccess", "*"), True),
        ("AnalystPolicy", Call("lakeformation:GetDataAccess", "*"), True),
        ("AnalystPolicy", Call("s3:ListBucketMultipartUploads", BUCKET), True),
        ("AnalystPolicy", Call("athena:StartQueryExecution", f"{WORK_GROUP}/schemahub"), True),
        ("AnalystPolicy", Call("s3:GetObject", f"{BUCKET}/lake/schemahub/trades_unified/1/data/1.parquet"), True),
        ("AnalystPolicy", Call("s3:PutObject", f"{BUCKET}/lake/schemahub/trades_unified/1/data/1.parquet"), False),
        ("AnalystPolicy", Call("s3:PutObject", f"{BUCKET}/lake/.athena/1.csv"), True),
        ("AnalystPolicy", Call("s3:PutObject", f"{BUCKET}/lake/.schemahub/locks/unify.json"), False),
        ("AnalystPolicy", glue("GetTable", "schemahub", "trades_unified")[2], True),
        ("AnalystPolicy", glue("UpdateTable", "schemahub", "trades_unified")[2], False),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_who_may_do_what(policies: dict[str, list[Document]], who: str, what: Call, is_allowed: bool) -> None:
    assert allow(policies[who], what) is is_allowed
