"""What IAM policies allow, evaluated like IAM as far as the template needs it, and what recorded requests needed.

moto refuses nothing, and Athena's own calls are not seen here, so this doesn't prove that a role has enough rights:
`make aws-smoke` does. But it finds a call that the policies forgot.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html, read 2026-11-24.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import boto3

from tests.infrastructure.moto_account import ACCOUNT, REGION, Request

Document = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """An action on a resource, which needs a right."""

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The values of condition keys, for example of s3:prefix."""


def documents_of(*policies: str) -> list[Document]:
    """The documents of managed policies, by their ARNs."""
    iam = boto3.client("iam")
    versions = [(arn, iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]) for arn in policies]
    return [
        iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        for arn, version in versions
    ]


def statements(documents: Iterable[Document]) -> Iterator[tuple[list[str], list[str], Document]]:
    """The actions, resources and conditions of each statement that allows something."""
    for document in documents:
        for statement in document["Statement"]:
            assert statement["Effect"] == "Allow"
            yield _list(statement["Action"]), _list(statement["Resource"]), statement.get("Condition", {})


def allow(documents: Iterable[Document], call: Call) -> bool:
    """Whether one of the documents' statements allows the call."""
    return any(
        any(fnmatchcase(call.action.lower(), action.lower()) for action in actions)
        and any(fnmatchcase(call.resource, resource) for resource in resources)
        and _holds(condition, call.context)
        for actions, resources, condition in statements(documents)
    )


def calls(requests: Iterable[Request]) -> set[Call]:
    """The calls for which recorded requests needed a right."""
    return {call for request in requests for call in _calls(request)}


def glue(action: str, database: str = "", table: str = "") -> list[Call]:
    """The calls of a Glue action, which needs rights to a table and to the database and the catalog above it."""
    names = [
        "catalog",
        *([f"database/{database}"] if database else []),
        *([f"table/{database}/{table}"] if table else []),
    ]
    return [Call(f"glue:{action}", f"arn:aws:glue:{REGION}:{ACCOUNT}:{name}") for name in names]


def _calls(request: Request) -> list[Call]:
    service, _, operation = request.target.partition(".")
    if service == "AWSGlue":
        body = json.loads(request.body)
        given = body.get("TableInput") or body.get("DatabaseInput") or {}
        name = body.get("Name") or given.get("Name", "")
        return glue(operation, name) if "Database" in operation else glue(operation, body["DatabaseName"], name)
    if not request.target and not request.path.startswith("/moto-api"):
        return _s3(request)
    return []


def _s3(request: Request) -> list[Call]:
    bucket, _, key = request.path.lstrip("/").partition("/")
    query = parse_qs(request.query, keep_blank_values=True)
    if key:
        verb = {
            "GET": "GetObject",
            "HEAD": "GetObject",
            "PUT": "PutObject",
            "POST": "PutObject",
            "DELETE": "DeleteObject",
        }
        return [Call(f"s3:{verb[request.method]}", f"arn:aws:s3:::{bucket}/{key}")]
    if request.method == "POST" and "delete" in query:
        keys = ElementTree.fromstring(request.body).findall(".//{*}Key")
        return [Call("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{key.text}") for key in keys]
    context = {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
    return [Call("s3:ListBucket", f"arn:aws:s3:::{bucket}", context)]


def _holds(condition: Document, context: Mapping[str, str]) -> bool:
    return all(_one_holds(operator, wanted, context) for operator, wanted in condition.items())


def _one_holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    assert operator in ("StringEquals", "StringLikeIfExists"), operator
    return all(
        (operator.endswith("IfExists") and key not in context)
        or any(fnmatchcase(context.get(key, ""), value) for value in _list(values))
        for key, values in wanted.items()
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
