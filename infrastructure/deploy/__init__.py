"""Creates, changes and removes what SchemaHub needs in an AWS account.

template.yaml     the stack: bucket, catalog, workgroup, roles, Glue jobs, alarms
stack.py          creates and removes the stack, using change_sets.py, contents.py and schedule.py
package.py        packs what the jobs run
"""
