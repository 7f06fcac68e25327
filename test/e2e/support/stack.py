"""Prints what stands at an AWS endpoint after a deployment, as JSON: python3 stack.py <endpoint> <stack>."""

import json
import sys

import boto3

endpoint, name = sys.argv[1:]


def client(service):
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", **keys)


formation, functions, events, storage = map(client, ["cloudformation", "lambda", "events", "s3"])
tables, keys, secrets, queues = map(client, ["dynamodb", "kms", "secretsmanager", "sqs"])

stack = formation.describe_stacks(StackName=name)["Stacks"][0]
resources = formation.get_paginator("list_stack_resources").paginate(StackName=name)
rules = events.list_rules()["Rules"]
bucket = next(one["Name"] for one in storage.list_buckets()["Buckets"])
objects = storage.list_objects_v2(Bucket=bucket)["Contents"]

print(
    json.dumps(
        {
            "status": stack["StackStatus"],
            "types": [one["ResourceType"] for page in resources for one in page["StackResourceSummaries"]],
            "functions": {one["FunctionName"]: one for one in functions.list_functions()["Functions"]},
            "targets": [
                {"schedule": rule["ScheduleExpression"], **target}
                for rule in rules
                for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
            ],
            "tables": {one: tables.describe_table(TableName=one)["Table"] for one in tables.list_tables()["TableNames"]},
            "aliases": [one["AliasName"] for one in keys.list_aliases()["Aliases"]],
            "secrets": [one["Name"] for one in secrets.list_secrets()["SecretList"]],
            "queues": queues.list_queues().get("QueueUrls", []),
            "archives": {
                one["Key"].split("/")[-1]: storage.get_object(Bucket=bucket, Key=one["Key"])["ETag"].strip('"')
                for one in objects
                if one["Key"].endswith(".zip")
            },
        },
        default=str,
    )
)
