"""AWS, as the standard chain of the environment, a profile or a role names it."""

import os

import boto3


def session() -> boto3.Session:
    """A session; unlike boto3's own it knows AWS_REGION, which the other SDKs, Lambda and dbt's profile go by."""
    return boto3.Session(region_name=os.environ.get("AWS_REGION") or None)
