"""Changes a CloudFormation stack by a change set, which first shows what would be done.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html,
read 2026-11-24.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from lakehouse.errors import Misconfigured, TerminalError

_WAITING = {"Delay": 3, "MaxAttempts": 1200}
"""The number of seconds between two polls, and the maximum number of polls: together an hour."""

_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_SIGNS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": "+", "Dynamic": "~"}


class StackFailed(TerminalError):
    """AWS could not make the requested change to the stack."""


@dataclass(frozen=True)
class Stack:
    """The state of a stack."""

    name: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def is_there(self) -> bool:
        """Whether the stack was ever created. A change set alone creates a stack that is only under review."""
        return self.status not in ("", "REVIEW_IN_PROGRESS")

    def check_is_at_rest(self) -> None:
        """Raise StackFailed if the stack is being changed right now."""
        if self.is_there and self.status.endswith("_IN_PROGRESS"):
            raise StackFailed(f"stack `{self.name}` is in {self.status}: wait until that has ended")


@dataclass(frozen=True)
class Stacks:
    """The stacks of one account and region."""

    client: Any

    def find(self, name: str) -> Stack:
        """The stack with that name; its status is empty if there is none."""
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
        """The changes that would be made; None if there are none. Raises StackFailed if AWS refuses the template."""
        stack.check_is_at_rest()
        answer = self.client.create_change_set(
            StackName=stack.name,
            ChangeSetName=f"schemahub-{uuid.uuid4().hex[:8]}",
            ChangeSetType="UPDATE" if stack.is_there else "CREATE",
            TemplateBody=template,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        proposed = ChangeSet(self, stack, answer["Id"])
        try:
            self.client.get_waiter("change_set_create_complete").wait(ChangeSetName=answer["Id"], WaiterConfig=_WAITING)
        except WaiterError as error:
            proposed.drop()
            reason = str(error.last_response.get("StatusReason", error))
            if any(words in reason for words in _UNCHANGED):
                return None
            raise StackFailed(f"AWS does not accept the template of stack `{stack.name}`: {reason}") from error
        return proposed

    def resources(self, stack: Stack) -> list[dict[str, Any]]:
        """The stack's resources that still exist."""
        pages = self.client.get_paginator("list_stack_resources").paginate(StackName=stack.name)
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
        gone = ("CREATE_FAILED", "DELETE_COMPLETE")
        return [each for each in resources if each["ResourceStatus"] not in gone]

    def check_may_go(self, stack: Stack, iam: Any) -> None:
        """Raise StackFailed if a policy of the stack is used outside the stack, because AWS would not remove it."""
        resources = self.resources(stack)
        own = {each.get("PhysicalResourceId") for each in resources if each["ResourceType"] == "AWS::IAM::Role"}
        found: set[str] = set()
        for policy in (each for each in resources if each["ResourceType"] == "AWS::IAM::ManagedPolicy"):
            with suppress(iam.exceptions.NoSuchEntityException):  # it was removed by hand
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
                f"policies of stack `{stack.name}` are used outside it: {', '.join(sorted(found))}; AWS does not "
                "remove a policy in use, so detach them first: `aws iam detach-role-policy`, or -user-policy, or "
                "-group-policy"
            )

    def delete(self, name: str) -> None:
        """Remove the stack and wait until it is gone; raises StackFailed."""
        with self.waiting("stack_delete_complete", name):
            self.client.delete_stack(StackName=name)

    @contextmanager
    def waiting(self, waiter: str, name: str) -> Iterator[None]:
        """Wait until the block's change is made; raises StackFailed with the first reason that AWS gives."""
        # a deleted stack can be found only by its id
        identity = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        known = {event["EventId"] for event in self._events(identity)}
        yield
        try:
            self.client.get_waiter(waiter).wait(StackName=identity, WaiterConfig=_WAITING)
        except WaiterError as error:
            events = [event for event in self._events(identity) if event["EventId"] not in known]
            reasons = [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'AWS gives no reason')}"
                for event in events
                if event["ResourceStatus"].endswith("_FAILED")
            ]
            raise StackFailed(f"stack `{name}` could not be changed: {(reasons or [str(error)])[0]}") from error

    def _events(self, identity: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=identity)
        return sorted((event for page in pages for event in page["StackEvents"]), key=lambda event: event["Timestamp"])


@dataclass(frozen=True)
class ChangeSet:
    """Changes that AWS has computed, but not made yet."""

    stacks: Stacks
    stack: Stack
    id: str

    @property
    def lines(self) -> list[str]:
        """One line for each resource that would be created (+), changed (~) or removed (-)."""
        pages = self.stacks.client.get_paginator("describe_change_set").paginate(ChangeSetName=self.id)
        changes = [each["ResourceChange"] for page in pages for each in page["Changes"]]
        return [
            f"  {_SIGNS[each['Action']]} {each['LogicalResourceId']:<18}{each['ResourceType']}"
            f"{'  is replaced' if each.get('Replacement') == 'True' else ''}"
            for each in changes
        ]

    def make(self) -> Stack:
        """Make the changes and wait until they are made; raises StackFailed."""
        waiter = "stack_update_complete" if self.stack.is_there else "stack_create_complete"
        with self.stacks.waiting(waiter, self.stack.name):
            self.stacks.client.execute_change_set(ChangeSetName=self.id)
        return self.stacks.find(self.stack.name)

    def drop(self) -> None:
        """Delete the change set, and also the stack if it was created only for the change set."""
        if self.stack.is_there:
            self.stacks.client.delete_change_set(ChangeSetName=self.id)
        else:
            self.stacks.client.delete_stack(StackName=self.stack.name)


def merged(defaults: Mapping[str, str], stack: Stack, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters: as given, otherwise those of the stack, otherwise the template's; raises Misconfigured."""
    has = {name: stack.outputs.get(name, stack.parameters.get(name)) for name in ("Bucket", "Prefix")}
    for name, value in has.items():
        if value is not None and given.get(name, value) != value:
            raise Misconfigured(
                f"stack `{stack.name}` has {name.lower()} {value!r}, not {given[name]!r}; a lake can't be "
                "moved, and a region has only one: create another in another region or account"
            )
    return {
        name: stack.parameters[name]
        if name in has and name in stack.parameters
        else given.get(name, stack.parameters.get(name, default))
        for name, default in defaults.items()
    }
