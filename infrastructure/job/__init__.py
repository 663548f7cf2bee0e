"""What runs in the AWS account.

glue_job.py           the script of the Glue jobs
lambda_handler.py     the Lambda function, which needs without_semaphores.py and the Dockerfile
"""
