"""SchemaHub in an AWS account: what sets it up, what runs there, and what checks AWS itself.

    deploy/           the stack of template.yaml, and the package of what the jobs run
    job/              the Glue jobs' script, the Lambda function and its Dockerfile
    smoke.py          checks a new account; the checks are in smoke_checks.py
    examples/         files to copy

docs/aws.md says how to use them.
"""
