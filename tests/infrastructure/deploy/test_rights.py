"""The loader's policy allows the requests to Glue and S3 that a load of trades sends."""

import boto3
import pytest

from schemahub.runs.context import RunContext
from schemahub.runs.ingest import ingest_symbols, symbols_of
from schemahub.settings import load_settings
from simulator.exchanges import RunningSimulator
from simulator.exchanges.market import DEFAULT_START
from tests.infrastructure.iam_policies import Call, allow, calls, documents_of
from tests.infrastructure.moto_account import ACCOUNT, REGION, Account

BUCKET = f"schemahub-{ACCOUNT}-{REGION}"


def test_loader_may_do_everything_that_a_load_does(
    stack: Account, exchanges: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = boto3.client("cloudformation").describe_stacks(StackName="schemahub")["Stacks"][0]["Outputs"]
    policy = documents_of(*(output["OutputValue"] for output in outputs if output["OutputKey"] == "LoaderPolicy"))
    for name, value in exchanges.environment.items():
        monkeypatch.setenv(name, value)
    lake = f"s3://{BUCKET}/lake"
    stack.recorder.requests.clear()
    for _ in range(2):  # the second load finds existing tables and an existing lock
        context = RunContext(load_settings(lake=lake, since=DEFAULT_START.isoformat(), symbols="BTC-USDT"))
        for outcome in ingest_symbols(context, symbols_of(context, ["binance"]), progress=lambda _: lambda *_: None):
            assert outcome.problems == []
    asked = calls(stack.recorder.requests)
    assert {call.action for call in asked} >= {
        "glue:CreateTable",
        "glue:UpdateTable",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }
    assert [call for call in asked if not allow(policy, call)] == []


def test_each_object_that_is_deleted_is_seen(stack: Account) -> None:
    keys = ["lake/schemahub/raw_kraken_trades/data/1.parquet", "elsewhere/2.parquet"]
    boto3.client("s3").delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})
    assert calls(stack.recorder.requests) == {Call("s3:DeleteObject", f"arn:aws:s3:::{BUCKET}/{key}") for key in keys}
