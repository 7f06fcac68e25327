"""Calls one operation of AWS and prints the answer as JSON: python3 aws.py <service> <operation> <input as JSON>."""

import json
import sys

import botocore.exceptions
import botocore.session

service, operation, given = sys.argv[1:]
client = botocore.session.Session().create_client(service)
method = getattr(client, operation)
try:
    answer = method(**json.loads(given))
except botocore.exceptions.ClientError as error:
    sys.exit(f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")
answer.pop("ResponseMetadata", None)
for name, value in answer.items():
    if hasattr(value, "read"):
        answer[name] = value.read().decode()
print(json.dumps(answer, default=str))
