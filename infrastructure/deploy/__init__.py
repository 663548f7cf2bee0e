"""Make, change and remove what an AWS account needs.

template.yaml     the stack: bucket, catalog, workgroup, roles, Glue jobs, alarms
stack.py          makes and removes it; with change_sets.py, contents.py and schedule.py
package.py        packs what the jobs run
"""
