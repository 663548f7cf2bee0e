"""Change a CloudFormation stack: a change set first, which tells what would happen, and then what happens.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html,
read 2026-11-24.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lakehouse.errors import Misconfigured, TerminalError

Say = Callable[[str], None]

PAUSE_S = 3

_NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_SIGNS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": "+", "Dynamic": "~"}


class StackFailed(TerminalError):
    """AWS could not do what the stack asks for."""


@dataclass(frozen=True)
class Stack:
    """What there is of a stack."""

    name: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def is_there(self) -> bool:
        """Whether it was ever made; a change set alone makes a stack that is only looked at."""
        return self.status not in ("", "REVIEW_IN_PROGRESS")

    def check_is_at_rest(self) -> None:
        """Raise StackFailed where somebody changes it right now."""
        if self.is_there and self.status.endswith("_IN_PROGRESS"):
            raise StackFailed(f"stack `{self.name}` is in {self.status}: wait until that has ended")

    def check_may_change(self) -> None:
        """Raise StackFailed where AWS would refuse a change, saying what to do."""
        self.check_is_at_rest()
        if self.status in _NEVER_MADE:
            raise StackFailed(
                f"stack `{self.name}` is in {self.status}, from which AWS can't go on; "
                "run `make aws-destroy`, and then `make aws-bootstrap`"
            )
        if self.status == "UPDATE_ROLLBACK_FAILED":
            raise StackFailed(
                f"stack `{self.name}` is in {self.status}; continue its rollback in the CloudFormation console, "
                "and then run this again"
            )


@dataclass(frozen=True)
class Stacks:
    """The stacks of one account and region."""

    client: Any

    def find(self, name: str) -> Stack:
        """The stack of that name; with no status where there is none."""
        try:
            found = self.client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return Stack(name, "", {}, {})
        return Stack(
            name,
            found["StackStatus"],
            {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", ())},
            {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())},
        )

    def propose(self, stack: Stack, template: str, parameters: Mapping[str, str]) -> "ChangeSet | None":
        """What would change; None where nothing would. Raises StackFailed where AWS does not take the template."""
        stack.check_may_change()
        answer = self.client.create_change_set(
            StackName=stack.name,
            ChangeSetName=f"schemahub-{uuid.uuid4().hex[:8]}",
            ChangeSetType="UPDATE" if stack.is_there else "CREATE",
            TemplateBody=template,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        proposed = ChangeSet(self, stack, answer["Id"])
        reason = proposed.wait()
        if reason is None:
            return proposed
        proposed.drop()
        if any(words in reason for words in _UNCHANGED):
            return None
        raise StackFailed(f"AWS does not take the template of stack `{stack.name}`: {reason}")

    def resources(self, stack: Stack) -> list[dict[str, Any]]:
        """What it is made of, and still there."""
        pages = self.client.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
        gone = ("CREATE_FAILED", "DELETE_COMPLETE")
        return [each for each in resources if each["ResourceStatus"] not in gone]

    def check_may_go(self, stack: Stack, iam: Any) -> None:
        """Raise StackFailed, naming who, where somebody else has a policy of the stack: AWS would not remove it."""
        resources = self.resources(stack)
        own = {each.get("PhysicalResourceId") for each in resources if each["ResourceType"] == "AWS::IAM::Role"}
        found: set[str] = set()
        for policy in (each for each in resources if each["ResourceType"] == "AWS::IAM::ManagedPolicy"):
            with suppress(iam.exceptions.NoSuchEntityException):  # somebody removed it
                pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=policy["PhysicalResourceId"])
                found |= {
                    f"{policy['LogicalResourceId']} by {kind.lower()} {each[f'{kind}Name']}"
                    for page in pages
                    for kind in ("Role", "User", "Group")
                    for each in page[f"Policy{kind}s"]
                    if each[f"{kind}Name"] not in own
                }
        if found:
            raise StackFailed(
                f"policies of stack `{stack.name}` are used outside it: {', '.join(sorted(found))}; AWS removes none "
                "that is in use, so detach them first: `aws iam detach-role-policy`, or -user-policy, or -group-policy"
            )

    def delete(self, name: str, say: Say) -> None:
        """Remove the stack and wait until it is gone; raises StackFailed."""
        with self.following(name, say):
            self.client.delete_stack(StackName=name)

    @contextmanager
    def following(self, name: str, say: Say) -> Iterator[None]:
        """Say what the block makes happen to the stack, until nothing does any more; raises StackFailed."""
        # a stack that is gone is known by its id alone
        identity = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        seen = {event["EventId"] for event in self._events(identity)}
        yield
        reasons: list[str] = []
        while True:
            status = self.client.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"]
            for event in (event for event in self._events(identity) if event["EventId"] not in seen):
                seen.add(event["EventId"])
                say(f"  {event['LogicalResourceId']:<18}{event['ResourceStatus']}")
                if event["ResourceStatus"].endswith("_FAILED"):
                    reasons.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}")
            if not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(PAUSE_S)
        if "ROLLBACK" in status or status.endswith("FAILED"):
            raise StackFailed(f"stack `{name}` ended in {status}: {(reasons or ['AWS gives no reason'])[0]}")

    def _events(self, identity: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=identity)
        return sorted((event for page in pages for event in page["StackEvents"]), key=lambda event: event["Timestamp"])


@dataclass(frozen=True)
class ChangeSet:
    """Changes that AWS has looked at and not made."""

    stacks: Stacks
    stack: Stack
    id: str

    def wait(self) -> str | None:
        """Wait until AWS has looked at it; gives the reason where it can't be made."""
        while True:
            found = self._describe()
            if found["Status"] == "CREATE_COMPLETE":
                return None
            if found["Status"] == "FAILED":
                return str(found.get("StatusReason", "no reason given"))
            time.sleep(PAUSE_S)

    @property
    def lines(self) -> list[str]:
        """One line for each resource that would be made (+), changed (~) or removed (-)."""
        lines: list[str] = []
        token: dict[str, str] = {}
        while True:
            page = self._describe(**token)
            for change in (each["ResourceChange"] for each in page["Changes"]):
                replaced = "  is replaced" if change.get("Replacement") == "True" else ""
                sign = _SIGNS[change["Action"]]
                lines.append(f"  {sign} {change['LogicalResourceId']:<18}{change['ResourceType']}{replaced}")
            if not page.get("NextToken"):
                return lines
            token = {"NextToken": page["NextToken"]}

    def make(self, say: Say) -> Stack:
        """Make the changes and wait until they are made; raises StackFailed."""
        with self.stacks.following(self.stack.name, say):
            self.stacks.client.execute_change_set(ChangeSetName=self.id)
        return self.stacks.find(self.stack.name)

    def drop(self) -> None:
        """Forget it, and the stack too where it was made for the change set alone."""
        if self.stack.is_there:
            self.stacks.client.delete_change_set(ChangeSetName=self.id)
        else:
            self.stacks.client.delete_stack(StackName=self.stack.name)

    def _describe(self, **token: str) -> Any:
        return self.stacks.client.describe_change_set(ChangeSetName=self.id, **token)


def merged(defaults: Mapping[str, str], stack: Stack, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters: what is given, else what the stack has, else the template's own; raises Misconfigured."""
    has = {name: stack.outputs.get(name, stack.parameters.get(name)) for name in ("Bucket", "Prefix")}
    for name, value in has.items():
        if value is not None and given.get(name, value) != value:
            raise Misconfigured(
                f"stack `{stack.name}` has {name.lower()} {value!r}, not {given[name]!r}; a lake can't move, "
                "and a region has one: make another in another region or account"
            )
    return {
        name: stack.parameters[name]
        if name in has and name in stack.parameters
        else given.get(name, stack.parameters.get(name, default))
        for name, default in defaults.items()
    }
