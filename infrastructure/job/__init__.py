"""What runs in the AWS account.

glue_job.py           the script of the Glue jobs
lambda_handler.py     the Lambda function; with without_semaphores.py and the Dockerfile
"""
