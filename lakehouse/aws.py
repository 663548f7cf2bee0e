"""AWS, as the standard chain of the environment, a profile or a role names it."""

import functools
import os

import boto3
import botocore.session

# botocore reads its description of a service anew for each session, for Glue a megabyte of JSON, and dbt-athena makes a
# session for each call: 4.7 of the 9.4 seconds of a run with nothing new. This can go when either keeps it.
# boto3 adds a folder to the shared loader's for each session; 1,500 of them cost nothing that can be measured.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


def session() -> boto3.Session:
    """A session; unlike boto3's own it knows AWS_REGION, which the other SDKs, Lambda and dbt's profile go by."""
    return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
