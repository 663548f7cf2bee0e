"""Creates and removes what SchemaHub needs in an AWS account.

    python -m infrastructure.deploy.stack bootstrap [--dry-run] [--bucket NAME] [--prefix lake] [--set Schedule=on] …
    python -m infrastructure.deploy.stack destroy [--dry-run] [--even-with-data]

Both may be run again at any time, even after they were stopped: they continue from what exists. Account, region and
credentials come from the standard AWS chain.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
import yaml
from botocore.exceptions import NoRegionError
from rich.console import Console

from lakehouse.errors import Misconfigured
from lakehouse.names import known
from schemahub.cli.app import errors_end_the_process

from .change_sets import Stack, Stacks, merged
from .contents import LakeContents, object_versions, without_a_stack
from .package import Package, pack_code, pack_libraries
from .schedule import Schedule

STACK = "schemahub"
TEMPLATE = Path(__file__).with_name("template.yaml")
JOBS = ".jobs"
"""The folder of the jobs' package, within the lake's prefix."""
_SEE_THE_DOCS = "docs/aws.md, `A lake without a stack`, says"

app = typer.Typer(
    help="Create and remove what SchemaHub needs in an AWS account.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(highlight=False, soft_wrap=True)

NameOption = Annotated[str, typer.Option("--stack-name", help="Name of the CloudFormation stack.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]


@app.command("bootstrap")
def bootstrap(
    stack_name: NameOption = STACK,
    bucket: Annotated[
        str | None, typer.Option("--bucket", help="Bucket to create; by default schemahub-<account>-<region>.")
    ] = None,
    prefix: Annotated[
        str | None, typer.Option("--prefix", help="Folder of the lake in the bucket; by default lake.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A parameter of template.yaml, for example Schedule=on.")
    ] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Create or update the stack, and upload what the Glue jobs run."""
    given = parameters_given(settings or [], Bucket=bucket, Prefix=prefix)
    bring_up(stack_name, given, pack_code(), dry_run=dry_run)


@app.command("destroy")
def destroy(
    stack_name: NameOption = STACK,
    even_with_data: Annotated[
        bool, typer.Option("--even-with-data", help="Also remove rows, and objects outside all tables.")
    ] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Remove the stack, the tables, and the bucket with every version of every object."""
    take_down(stack_name, even_with_data=even_with_data, dry_run=dry_run)


def bring_up(stack_name: str, given: Mapping[str, str], package: Package, *, dry_run: bool) -> None:
    """Create or update the stack and upload the package, and print what is done.

    Args:
        stack_name: The name of the CloudFormation stack.
        given: Parameters of the template. The others stay unchanged, or have the template's defaults.
        package: What the jobs run. Its libraries are packed if the bucket doesn't have them.
        dry_run: Print what would change, and change nothing.

    Raises:
        StackFailed: AWS could not do it, or is not ready for it.
        Misconfigured: The stack has another bucket or prefix, or the names of a new one are taken.
    """
    session = boto3.Session()
    account = _say_where(session, stack_name)
    template = TEMPLATE.read_text(encoding="utf-8")
    stacks = Stacks(session.client("cloudformation"))
    stack = stacks.find(stack_name)
    digests = {"JobCode": package.code_digest, "JobLibraries": package.libraries_digest}
    parameters = merged(template_defaults(template), stack, {**given, **digests})
    if not stack.is_there:
        _check_names_are_free(parameters["Bucket"] or _own_bucket(session, account))
    schedule = Schedule(session.client("glue"))
    # existing triggers: CloudFormation starts a trigger when it creates it, and never again
    stopped = schedule.triggers("CREATED", "DEACTIVATED") if parameters["Schedule"] == "on" else []
    changes = stacks.propose(stack, template, parameters)
    lines = [
        *(changes.lines if changes else ()),
        *(f"  ~ {name} was stopped, and is started again" for name in stopped),
    ]
    for line in lines or ["  nothing to change"]:
        _say(line)
    if dry_run:
        if changes:
            changes.drop()
        _say("dry run: nothing was done")
        return
    if stack.is_there:
        upload(package, stack.outputs)
    made = changes.make() if changes else stack
    if not stack.is_there:  # its bucket was created first
        upload(package, made.outputs)
    schedule.start(stopped)
    _say_outputs(made)


def take_down(stack_name: str, *, even_with_data: bool, dry_run: bool) -> None:
    """Remove the stack and the lake, and print what is done.

    Args:
        stack_name: The name of the CloudFormation stack.
        even_with_data: Also remove rows, and objects outside all tables.
        dry_run: Print what would be removed, and remove nothing.

    Raises:
        StackFailed: AWS could not remove the stack, or refused to.
        HoldsData: There is something that can't be recreated.
        JobIsRunning: A Glue job is writing.
    """
    session = boto3.Session()
    account = _say_where(session, stack_name)
    stacks = Stacks(session.client("cloudformation"))
    stack = stacks.find(stack_name)
    if not stack.status:
        _say("there is no such stack: nothing to remove")
        if left := without_a_stack(_own_bucket(session, account)):
            _say(f"but there is {' and '.join(left)}; {_SEE_THE_DOCS} what to do with it")
        return
    stack.check_is_at_rest()
    stacks.check_may_go(stack, session.client("iam"))
    # a stack whose creation failed has no outputs, and no lake
    lake = LakeContents(stack.outputs["Bucket"], stack.parameters["Prefix"]) if stack.outputs else None
    contents = lake.contents() if lake else []
    for each in contents:
        _say(f"  {each.text}")
    if dry_run:
        _say_what_goes(stacks, stack, lake)
        _say("dry run: nothing was done")
        return
    if lake:
        if not even_with_data:
            lake.check_empty(contents)
        with _nothing_writes(Schedule(session.client("glue"))):
            if not even_with_data:  # a run may have landed something meanwhile
                lake.check_empty(lake.contents())
        lake.remove(_say)
    stacks.delete(stack_name)
    _say("everything is removed")


def parameters_given(settings: Sequence[str], **named: str | None) -> dict[str, str]:
    """The parameters given as `NAME=VALUE` or by flags; raises Misconfigured for an unknown name."""
    given = {name: value for name, value in named.items() if value is not None}
    defaults = template_defaults(TEMPLATE.read_text(encoding="utf-8"))
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise Misconfigured(f"--set {setting}: expected NAME=VALUE, for example Schedule=on")
        given[known(name, defaults, what="parameter")] = value
    return given


def template_defaults(template: str) -> dict[str, str]:
    """The template's parameters and their defaults, as text."""
    parameters = yaml.load(template, Loader=_TemplateLoader)["Parameters"]
    return {name: str(declared["Default"]) for name, declared in parameters.items()}


def upload(package: Package, outputs: Mapping[str, str]) -> None:
    """Upload the package to the lake's bucket, as far as it isn't there yet."""
    s3 = boto3.client("s3")
    prefix = f"{outputs['Lake'].removeprefix('s3://').partition('/')[2]}/{JOBS}/"
    listed = s3.get_paginator("list_objects_v2").paginate(Bucket=outputs["Bucket"], Prefix=prefix)
    there = {each["Key"] for page in listed for each in page.get("Contents", ())}
    if prefix + package.libraries.name not in there:
        _say("  packing the libraries of the Glue jobs, 180 MB")
        pack_libraries(package)
    for file in package.files:
        if prefix + file.name not in there:
            _say(f"  uploading {file.name}, {file.stat().st_size / 1e6:.1f} MB")
            s3.upload_file(str(file), outputs["Bucket"], prefix + file.name)


class _TemplateLoader(yaml.SafeLoader):
    """Reads a template. CloudFormation's own tags, such as !Sub, are ignored."""


_TemplateLoader.add_multi_constructor("!", lambda *_: None)


@contextmanager
def _nothing_writes(schedule: Schedule) -> Iterator[None]:
    """Stop the schedule; restart it if the block, which checks that everything may be removed, raises."""
    triggers = schedule.triggers("ACTIVATED")
    schedule.stop(triggers)
    try:
        schedule.check_nothing_runs()
        yield
    except BaseException:
        schedule.start(triggers)
        raise


def _check_names_are_free(bucket: str) -> None:
    if found := without_a_stack(bucket):
        raise Misconfigured(
            f"there is {' and '.join(found)} already, and a new stack creates its own; "
            f"use that lake without a stack, or remove it first; {_SEE_THE_DOCS} how"
        )


def _own_bucket(session: Any, account: str) -> str:
    # the name in template.yaml
    return f"schemahub-{account}-{session.region_name}"


def _say_what_goes(stacks: Stacks, stack: Stack, lake: LakeContents | None) -> None:
    if lake:
        count = sum(len(page) for page in object_versions(lake.bucket))
        _say(f"  - {count:,} objects of {lake.bucket}, old versions included, and the bucket")
    for resource in stacks.resources(stack):
        _say(f"  - {resource['LogicalResourceId']:<18}{resource['ResourceType']}")


def _say_where(session: Any, stack_name: str) -> str:
    """Print where the stack is, and return the account."""
    if not session.region_name:  # with an endpoint from the environment, boto3 works without a region
        raise NoRegionError
    account: str = session.client("sts").get_caller_identity()["Account"]
    _say(f"account {account}, region {session.region_name}, stack {stack_name}")
    return account


def _say_outputs(stack: Stack) -> None:
    outputs = stack.outputs
    _say(f"\nexport SCHEMAHUB_LAKE={outputs['Lake']}")
    _say(f"export SCHEMAHUB_WORKGROUP={outputs['WorkGroup']}")
    _say(f"export AWS_DEFAULT_REGION={outputs['Region']}\n")
    for name in sorted(outputs.keys() - {"Lake", "WorkGroup", "Region"}):
        _say(f"  {name:<16}{outputs[name]}")
    _say(f"\nthe schedule is {stack.parameters['Schedule']}")


def _say(line: str) -> None:
    out.print(line, markup=False)


def main() -> None:
    """Run the command line."""
    with errors_end_the_process():
        app()


if __name__ == "__main__":
    main()
