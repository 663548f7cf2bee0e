"""AWS sessions, configured by the standard chain: environment, profile or role."""

import functools
import os

import boto3
import botocore.session

# botocore reads its description of a service again for each session (for Glue, a megabyte of JSON), and dbt-athena
# makes a session for each call: 4.7 of the 9.4 seconds of a run with nothing new. Remove this when either caches it.
# For each session, boto3 adds a folder to the loader, which is now shared; 1,500 folders have no measurable cost.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def session() -> boto3.Session:
    """A session that, unlike boto3's own, honours AWS_REGION, as the other SDKs, Lambda and dbt's profile do."""
    return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
