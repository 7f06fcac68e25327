"""
Runs ministack with what CloudFormation has and ministack lacks: the answers of custom resources go to an address of S3
(lambda.mjs leads them back), names that are taken are refused, a table that is protected is not deleted, its time to
live and its recovery are switched on, the resources of CodeDeploy are taken, and policies can name more of what is asked for
(with AUTH=true, by which it decides by them).
"""

import json
import re

import ministack.app
from ministack.core import iam_actions, iam_evaluator
from ministack.services import cloudwatch_logs, dynamodb, kms
from ministack.services.cloudformation import custom_resource, provisioners

HOST = "cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com"

TAKEN = {
    "AWS::DynamoDB::Table": ("TableName", lambda name: name in dynamodb._tables),
    "AWS::KMS::Alias": ("AliasName", lambda name: kms._alias_arn(name) in kms._aliases),
    "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name in cloudwatch_logs._log_groups),
}

custom_resource._response_url = lambda token: f"https://{HOST}/{token}"


def refuse_taken(kind, name_of, is_taken):
    handler = provisioners._RESOURCE_HANDLERS[kind]
    create = handler["create"]

    def create_new(logical_id, properties, stack_name):
        name = properties[name_of]
        if is_taken(name):
            raise ValueError(f"Resource of type '{kind}' with identifier '{name}' already exists.")
        return create(logical_id, properties, stack_name)

    handler["create"] = create_new


def keep_protected():
    handler = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    delete = handler["delete"]

    def delete_unprotected(name, properties):
        if dynamodb._tables.get(name, {}).get("DeletionProtectionEnabled"):
            raise ValueError(f"Resource cannot be deleted as it is currently protected against deletion: {name}")
        return delete(name, properties)

    handler["delete"] = delete_unprotected


def switch_on(name, before, after):
    ttl = after.get("TimeToLiveSpecification", {})
    if before.get("TimeToLiveSpecification") != ttl and ttl.get("Enabled"):
        if dynamodb._ttl_settings.get(name, {}).get("TimeToLiveStatus") == "ENABLED":
            raise ValueError("TimeToLive is already enabled")
        dynamodb._ttl_settings[name] = {"TimeToLiveStatus": "ENABLED", "AttributeName": ttl["AttributeName"]}
    recovery = after.get("PointInTimeRecoverySpecification", {})
    if before.get("PointInTimeRecoverySpecification") != recovery:
        dynamodb._pitr_settings[name] = recovery.get("PointInTimeRecoveryEnabled", False)


def switch_on_tables():
    handler = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::Table"]
    create, update = handler["create"], handler["update"]

    def create_switched_on(logical_id, properties, stack_name):
        made = create(logical_id, properties, stack_name)
        # Those of a table of that name which a rollback has deleted.
        dynamodb._ttl_settings.pop(made[0], None)
        dynamodb._pitr_settings.pop(made[0], None)
        switch_on(made[0], {}, properties)
        return made

    def update_switched_on(physical_id, old, new, *rest):
        made = update(physical_id, old, new, *rest)
        switch_on(made[0], old, new)
        return made

    handler["create"], handler["update"] = create_switched_on, update_switched_on


def take_codedeploy():
    """There is no CodeDeploy: its resources are taken, and aliases move at once."""
    for kind in ("Application", "DeploymentGroup"):
        provisioners._RESOURCE_HANDLERS[f"AWS::CodeDeploy::{kind}"] = {
            "create": lambda logical_id, properties, stack_name, name_of=f"{kind}Name": (properties[name_of], {}),
            "update": lambda physical_id, old, new, stack_name: (physical_id, {}),
            "delete": lambda physical_id, properties: None,
        }


# Condition keys by the member of the request that has their value (AWS Service Authorization Reference).
CONDITION_KEYS = {
    "kms": {"kms:MacAlgorithm": "MacAlgorithm"},
    "secretsmanager": {"secretsmanager:RecoveryWindowInDays": "RecoveryWindowInDays"},
}


def name_conditions():
    before = iam_actions.request_tag_context

    def context(service, iam_action, body, params):
        asked = json.loads(body) if service in CONDITION_KEYS and body[:1] == b"{" else {}
        known = {key: str(asked[member]) for key, member in CONDITION_KEYS.get(service, {}).items() if member in asked}
        return {**before(service, iam_action, body, params), **known}

    iam_actions.request_tag_context = context
    resolve = iam_evaluator._resolve_condition_key

    def resolve_role(key, asked):
        value = resolve(key, asked)
        # Of who has assumed a role AWS gives the role.
        if key.lower() == "aws:principalarn":
            return re.sub(r":sts:(.*):assumed-role/([^/]+)/.*$", r":iam:\1:role/\2", str(value))
        return value

    iam_evaluator._resolve_condition_key = resolve_role


INSERT = re.compile(r'\s*INSERT\s+INTO\s+"([^"]+)"', re.I)


def name_statements():
    """AWS decides about a statement of PartiQL by what it does, and to which table."""
    action_of, arn_of = iam_actions.extract_iam_action, iam_actions.extract_resource_arn

    def inserted_into(headers, body):
        target = headers.get("x-amz-target", "")
        return INSERT.match(json.loads(body)["Statement"]) if target.endswith(".ExecuteStatement") else None

    def action(service, method, path, headers, body, params):
        return "dynamodb:PartiQLInsert" if inserted_into(headers, body) else action_of(service, method, path, headers, body, params)

    def arn(service, method, path, headers, body, params, region, account_id):
        found = inserted_into(headers, body)
        if found:
            return f"arn:aws:dynamodb:{region}:{account_id}:table/{found[1]}"
        return arn_of(service, method, path, headers, body, params, region, account_id)

    iam_actions.extract_iam_action, iam_actions.extract_resource_arn = action, arn


for kind, (name_of, is_taken) in TAKEN.items():
    refuse_taken(kind, name_of, is_taken)
keep_protected()
switch_on_tables()
take_codedeploy()
name_conditions()
name_statements()
ministack.app.main()
