"""A refusal by AWS is one line that says what to do and holds no secret. moto checks the rights of real requests."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import boto3
import httpx
import pytest

from simulator.aws import local_aws
from simulator.aws.local_aws import LocalAws
from tests.support.command_line import Cli, error_line

INGEST = ("run", "ingest", "binance", "--symbols", "BTC-USDT")
ONLY_S3 = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
ALL_BUT_BINANCE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::*/raw_binance_trades/*"},
    ],
}
NOTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def account() -> Iterator[LocalAws]:
    with local_aws.running() as aws:
        yield replace(aws, endpoint=aws.s3_endpoint)  # moto itself, which identifies the sender by the signature


@pytest.fixture(scope="module")
def bucket(account: LocalAws) -> str:
    return account.new_bucket()


@pytest.fixture(scope="module")
def keys(account: LocalAws, bucket: str) -> dict[str, tuple[str, str]]:
    """Access keys of users who may use only S3, all but one table, and nothing. From now on, moto checks rights."""
    made = {}
    with account.in_use():
        iam = boto3.client("iam")
        for name, policy in (("storage", ONLY_S3), ("all but binance", ALL_BUT_BINANCE), ("nobody", NOTHING)):
            user = name.replace(" ", "-")
            iam.create_user(UserName=user)
            iam.put_user_policy(UserName=user, PolicyName="rights", PolicyDocument=json.dumps(policy))
            key = iam.create_access_key(UserName=user)["AccessKey"]
            made[name] = (key["AccessKeyId"], key["SecretAccessKey"])
        httpx.post(f"{account.s3_endpoint}/moto-api/reset-auth", content="0", trust_env=False).raise_for_status()
    return made


def said(cli: Cli, account: LocalAws, *arguments: str, lake: str, key: tuple[str, str] = ("test", "test")) -> str:
    environment = account.environment | {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1]}
    finished = cli(*arguments, lake=lake, **environment)
    assert len(key[1]) < 10 or key[1] not in finished.stdout + finished.stderr
    return error_line(finished)


@pytest.mark.parametrize("arguments", [INGEST, ("status",), ("plan",), ("run", "unify", "trades_unified")])
def test_a_missing_bucket_is_named(cli: Cli, account: LocalAws, arguments: tuple[str, ...]) -> None:
    line = said(cli, account, *arguments, lake="s3://nowhere-at-all/lake")
    assert line.startswith("there is no such bucket for s3://nowhere-at-all/lake; `make aws-bootstrap` creates one")


def test_missing_credentials_are_reported(cli: Cli, account: LocalAws) -> None:
    line = said(cli, account, *INGEST, lake="s3://some-bucket/lake", key=("", ""))
    assert line.startswith("no AWS credentials were found for s3://some-bucket/lake; name a profile with AWS_PROFILE")


def test_wrong_credentials_are_reported(
    cli: Cli, account: LocalAws, bucket: str, keys: dict[str, tuple[str, str]]
) -> None:
    line = said(cli, account, *INGEST, lake=f"s3://{bucket}/lake", key=("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMIK7MDENG"))
    assert line.startswith(f"AWS does not accept the credentials for s3://{bucket}/lake (InvalidAccessKeyId); ")


def test_a_missing_right_to_the_bucket_is_reported(
    cli: Cli, account: LocalAws, bucket: str, keys: dict[str, tuple[str, str]]
) -> None:
    line = said(cli, account, *INGEST, lake=f"s3://{bucket}/lake", key=keys["nobody"])
    assert line == (
        f"AWS refuses ListObjectsV2 for s3://{bucket}/lake: Access Denied; "
        "the role or user needs permission for this, see docs/aws.md"
    )


def test_a_missing_right_to_glue_is_reported_with_who_lacks_it(
    cli: Cli, account: LocalAws, bucket: str, keys: dict[str, tuple[str, str]]
) -> None:
    line = said(cli, account, *INGEST, lake=f"s3://{bucket}/lake", key=keys["storage"])
    assert line.startswith("AWS refuses GetTable: ")
    assert "User: arn:aws:iam::123456789012:user/storage is not authorized to perform: glue:GetTable" in line
    assert line.endswith("the role or user needs permission for this, see docs/aws.md")


def test_what_aws_refuses_of_one_exchange_does_not_stop_the_others(
    cli: Cli, account: LocalAws, bucket: str, keys: dict[str, tuple[str, str]]
) -> None:
    key_id, secret = keys["all but binance"]
    environment = account.environment | {"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret}
    command = ("run", "ingest", "binance", "kraken", "--symbols", "BTC-USDT")
    finished = cli(*command, lake=f"s3://{bucket}/lake", **environment)
    assert "ACCESS_DENIED" in error_line(finished)
    assert re.search(r"binance +✗ nothing landed", finished.stdout)
    assert re.search(r"kraken +✓ [\d,]+ trades landed", finished.stdout)


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (("--s3-prefix", "p"), "--s3-prefix needs --s3-bucket, which names the bucket that it is in"),
        (("--s3-bucket", "b", "--lake", "lake"), "--lake and --s3-bucket both name a lake; give one of them"),
    ],
)
def test_a_lake_that_is_named_incompletely_or_twice_is_refused(cli: Cli, flags: tuple[str, ...], line: str) -> None:
    assert error_line(cli(*INGEST, *flags)) == line


def test_a_query_is_for_a_lake_in_a_folder(
    cli: Cli, account: LocalAws, keys: dict[str, tuple[str, str]], bucket: str
) -> None:
    line = said(cli, account, "query", "select 1", lake=f"s3://{bucket}/lake", key=keys["storage"])
    assert line == f"`query` reads a lake in a folder, with DuckDB, and not s3://{bucket}/lake; query it with Athena"


def test_a_demo_is_for_a_folder(cli: Cli, account: LocalAws, keys: dict[str, tuple[str, str]], bucket: str) -> None:
    line = said(cli, account, "demo", lake=f"s3://{bucket}/lake", key=keys["storage"])
    assert "the demo creates its lake in a folder" in line
    assert "name one with --lake" in line
