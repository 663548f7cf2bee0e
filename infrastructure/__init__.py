"""SchemaHub in an AWS account: what makes it there, what runs there, and what tells whether AWS keeps its promises.

    template.yaml        the stack: bucket, catalog, workgroup, roles, Glue jobs, alarms
    stack.py             makes and removes it; with change_sets.py, contents.py and schedule.py
    package.py           packs what the jobs run
    glue_job.py          runs there, as the Glue jobs' script
    lambda_handler.py    runs in a Lambda function; with without_semaphores.py and the Dockerfile
    smoke.py             tries AWS itself in a real account; with smoke_checks.py
    examples/            files to copy

docs/aws.md tells how to use them.
"""
