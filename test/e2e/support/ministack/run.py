"""
Runs ministack with what CloudFormation has and ministack lacks: the answers of custom resources go to an address of S3
(lambda.mjs leads them back), names that are taken are refused, a table that is protected is not deleted, and an alarm may be of
an expression.
"""

import ministack.app
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


def accept_expressions():
    record_of = provisioners._cw_metric_alarm_record

    def plain(name, properties):
        metrics = properties.get("Metrics")
        instead = {"MetricName": "Expression", "Namespace": "Pullpass", "Metrics": None} if metrics else {}
        return record_of(name, {**properties, **instead})

    provisioners._cw_metric_alarm_record = plain


for kind, (name_of, is_taken) in TAKEN.items():
    refuse_taken(kind, name_of, is_taken)
keep_protected()
accept_expressions()
ministack.app.main()
