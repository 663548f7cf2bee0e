"""AWS on this machine, as far as SchemaHub uses it, without Athena: moto behind a front that guards Glue.

    with local_aws.running() as aws, aws.in_use():
        boto3.client("glue"), GlueCatalog("schemahub", **{"s3.endpoint": os.environ["AWS_ENDPOINT_URL_S3"]})

boto3 and pyarrow's `FileSystem.from_uri` need only the environment to find it. pyarrow's `S3FileSystem`, which
pyiceberg uses, does not read the endpoint from there (https://github.com/apache/arrow/issues/49643), hence
`s3.endpoint`.

Both parts are child processes on free ports of 127.0.0.1. They end with the block, or when their parent dies.
`local_athena` adds an Athena.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import boto3

from simulator.aws.child import started
from simulator.aws.forwarding import REGION as REGION


@dataclass(frozen=True)
class LocalAws:
    """A running local AWS."""

    endpoint: str
    """The address of the front: Glue (guarded), Athena if it runs, and everything else forwarded to moto."""
    s3_endpoint: str
    """The address of moto itself, for S3, whose data doesn't go through the front."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables that direct boto3, pyiceberg and pyarrow here, if no other AWS_* variables are set."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.s3_endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def child_environment(self) -> dict[str, str]:
        """The environment for a child process: this process's, with `environment` instead of all AWS_* variables."""
        return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | self.environment

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Let this process use it in a `with` block, where `os.environ` equals `child_environment()`."""
        before, there = dict(os.environ), self.child_environment()
        _set_environment(there)
        try:
            yield
        finally:
            _set_environment(before)

    def new_bucket(self) -> str:
        """Create an empty bucket, and return its name."""
        name = f"lake-{uuid.uuid4().hex[:12]}"
        boto3.client(
            "s3",
            endpoint_url=self.s3_endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        ).create_bucket(Bucket=name)
        return name


@contextmanager
def running() -> Iterator[LocalAws]:
    """Run a local AWS for the duration of a `with` block; raises NotStarted."""
    with ExitStack() as stack:
        moto = stack.enter_context(started("simulator.aws.moto_process"))
        yield LocalAws(stack.enter_context(started("simulator.aws.front", moto)), moto)


def _set_environment(wanted: dict[str, str]) -> None:
    for name in os.environ.keys() - wanted.keys():
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    boto3.DEFAULT_SESSION = None  # boto3 would keep its first session, with its credentials
