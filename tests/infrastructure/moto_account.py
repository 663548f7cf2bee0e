"""An AWS account on this machine: moto's server in a thread, its CloudFormation completed, its requests recorded.

moto's CloudFormation lacks seven of the template's resource types, and of a bucket it knows only the encryption. Here
these are created through the services' own APIs, which moto has, from the template's properties: see `COMPLETED`.
In moto, a stack that a change set created has no outputs; here it has. These differences from AWS remain:

    a change set's changes    depend only on the template's text, not on parameters in !Sub or on conditions
    RetainExceptOnCreate      is treated as Delete
    a stack that fails        is not rolled back: ExecuteChangeSet responds with the error
    managed policies          of a role in the template are not attached to it
    rights                    nothing is refused; `iam_policies.py` reads the policies instead
"""

import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.models import ChangeSet
from moto.core.common_models import CloudFormationModel
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from simulator.aws.moto_process import list_services_once

REGION = "eu-central-1"
ACCOUNT = "123456789012"

Properties = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One request to the account."""

    method: str
    path: str
    query: str
    target: str
    """The value of X-Amz-Target, for example AWSGlue.GetTable."""
    body: bytes = field(repr=False)
    """The body, if there is a target or if it is S3's request to remove objects; otherwise empty."""


class Recorder:
    """A WSGI application that records its requests."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self.requests: list[Request] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        target, body = environ.get("HTTP_X_AMZ_TARGET", ""), b""
        if target or (environ["REQUEST_METHOD"] == "POST" and "delete" in parse_qs(environ["QUERY_STRING"], True)):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
        request = Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], target, body)
        self.requests.append(request)
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer


@dataclass(frozen=True)
class Account:
    endpoint: str
    recorder: Recorder

    @property
    def environment(self) -> dict[str, str]:
        """The variables that direct boto3 here, if no other AWS_* variables are set."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def empty(self) -> None:
        """Forget everything that was created."""
        httpx.post(f"{self.endpoint}/moto-api/reset", trust_env=False).raise_for_status()
        self.recorder.requests.clear()


@contextmanager
def running() -> Iterator[Account]:
    """Serve an empty account on a free port of 127.0.0.1 for the duration of a `with` block."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    list_services_once()
    recorder = Recorder(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, recorder, threaded=True, request_handler=_PromptHandler)
    account = Account(f"http://127.0.0.1:{server.server_port}", recorder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        with _completed_cloudformation(account):
            yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def known_to_moto(resource_type: str) -> bool:
    """Whether moto's own CloudFormation knows the resource type."""
    models = (model for model in parsing.get_model_list() if not issubclass(model, _Resource))
    return any(model.cloudformation_type() == resource_type for model in models)


class _PromptHandler(MotoRequestHandler):
    disable_nagle_algorithm = True  # headers and body are sent separately, which would delay each response by 40 ms


class _Resource:
    """The interface that moto's CloudFormation expects of a resource."""

    type = ""
    account: Account

    def __init__(self, physical_resource_id: str) -> None:
        self.physical_resource_id = physical_resource_id

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, _: str) -> bool:
        return False

    @classmethod
    def create_from_cloudformation_json(
        cls, _: str, cloudformation_json: dict[str, Any], *__: Any, **___: Any
    ) -> "_Resource":
        return cls(COMPLETED[cls.type].make(cls._client, cloudformation_json["Properties"]))

    @classmethod
    def update_from_cloudformation_json(cls, *_: Any, cloudformation_json: dict[str, Any], **__: Any) -> "_Resource":
        return cls(COMPLETED[cls.type].make(cls._client, cloudformation_json["Properties"]))

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, *_: Any) -> None:
        with suppress(ClientError):  # it may be removed already
            COMPLETED[cls.type].remove(cls._client, resource_name)

    @classmethod
    def _client(cls, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=cls.account.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def is_created(self) -> bool:
        return True


Client = Callable[[str], Any]


@dataclass(frozen=True)
class Completed:
    """How a resource is created or changed through its service, and removed."""

    make: Callable[[Client, Properties], str]
    """Creates or changes the resource, and returns its physical id."""
    remove: Callable[[Client, str], object]


def _call(client: Any, operation: str, arguments: Properties) -> None:
    """Call an operation, for example create_job, with a template's properties."""
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    getattr(client, operation)(**_typed(shape, arguments))


def _typed(shape: Any, value: Any) -> Any:
    """The value with the API's type, because CloudFormation passes the numbers of a template's parameters as text."""
    match shape.type_name:
        case "structure":
            return {name: _typed(shape.members[name], each) for name, each in value.items()}
        case "list":
            return [_typed(shape.member, each) for each in value]
        case "map":
            return {name: _typed(shape.value, each) for name, each in value.items()}
        case "integer" | "long":
            return int(value)
        case "double" | "float":
            return float(value)
    return value


def _bucket(client: Client, properties: Properties) -> str:
    s3, name = client("s3"), properties["BucketName"]
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    encryption = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"]
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]},
    )
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"])
    rules = [_lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    return str(name)


def _lifecycle_rule(rule: Properties) -> Properties:
    # CloudFormation and S3 have different names for the same things
    given = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "ExpirationInDays" in rule:
        given["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "ExpiredObjectDeleteMarker" in rule:
        given["Expiration"] = {"ExpiredObjectDeleteMarker": rule["ExpiredObjectDeleteMarker"]}
    if "NoncurrentVersionExpiration" in rule:
        days = int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        given["NoncurrentVersionExpiration"] = {"NoncurrentDays": days}
    if "AbortIncompleteMultipartUpload" in rule:
        given["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return given


def _database(client: Client, properties: Properties) -> str:
    _call(client("glue"), "create_database", properties)
    return str(properties["DatabaseInput"]["Name"])


def _job(client: Client, properties: Properties) -> str:
    client("glue").delete_job(JobName=properties["Name"])
    _call(client("glue"), "create_job", properties)
    return str(properties["Name"])


def _trigger(client: Client, properties: Properties) -> str:
    _call(client("glue"), "create_trigger", properties)
    return str(properties["Name"])


def _work_group(client: Client, properties: Properties) -> str:
    athena, name = client("athena"), properties["Name"]
    with suppress(ClientError):
        athena.delete_work_group(WorkGroup=name)
    configuration = properties["WorkGroupConfiguration"]
    _call(
        athena,
        "create_work_group",
        {"Name": name, "Description": properties["Description"], "Configuration": configuration},
    )
    return str(name)


def _topic_policy(client: Client, properties: Properties) -> str:
    policy = json.dumps(properties["PolicyDocument"])
    for topic in properties["Topics"]:
        client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return "topic-policy"


def _alarm(client: Client, properties: Properties) -> str:
    _call(client("cloudwatch"), "put_metric_alarm", properties)
    return str(properties["AlarmName"])


COMPLETED: Mapping[str, Completed] = {
    "AWS::S3::Bucket": Completed(_bucket, lambda client, name: client("s3").delete_bucket(Bucket=name)),
    # not applied, because moto ignores its condition and would refuse every request
    "AWS::S3::BucketPolicy": Completed(lambda _, properties: str(properties["Bucket"]), lambda *_: None),
    "AWS::Glue::Database": Completed(_database, lambda client, name: client("glue").delete_database(Name=name)),
    "AWS::Glue::Job": Completed(_job, lambda client, name: client("glue").delete_job(JobName=name)),
    "AWS::Glue::Trigger": Completed(_trigger, lambda client, name: client("glue").delete_trigger(Name=name)),
    "AWS::Athena::WorkGroup": Completed(
        _work_group, lambda client, name: client("athena").delete_work_group(WorkGroup=name)
    ),
    "AWS::SNS::TopicPolicy": Completed(_topic_policy, lambda *_: None),
    "AWS::CloudWatch::Alarm": Completed(
        _alarm, lambda client, name: client("cloudwatch").delete_alarms(AlarmNames=[name])
    ),
}
"""The resource types that moto's CloudFormation lacks, and the bucket, for which it ignores too many properties."""

_make_changes = ChangeSet.apply
_models: list[type] = []  # moto finds models as the direct subclasses of one class, and Python forgets unused classes


@contextmanager
def _completed_cloudformation(account: Account) -> Iterator[None]:
    _Resource.account = account
    if not _models:
        _models.extend(
            type(name.replace("::", ""), (_Resource, CloudFormationModel), {"type": name}) for name in COMPLETED
        )
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
    ChangeSet.apply = _apply_and_show
    try:
        yield
    finally:
        ChangeSet.apply = _make_changes


def _apply_and_show(change_set: ChangeSet) -> None:
    _make_changes(change_set)
    stack = change_set.stack
    stack.template, stack.parameters = change_set.template, change_set.parameters
    stack._parse_template()
    stack.output_map = stack._create_output_map()


def use(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty the account, and direct the environment there and nowhere else."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SCHEMAHUB_")):
            monkeypatch.delenv(name)
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    account.empty()
