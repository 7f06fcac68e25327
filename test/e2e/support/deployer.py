"""Makes the stack of deployment/deployer.yml, and prints its policies as JSON: python3 deployer.py <endpoint> <template>."""

import json
import sys

import boto3

endpoint, template = sys.argv[1:]
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
formation, iam = (
    boto3.client(service, endpoint_url=endpoint, region_name="eu-central-1", **keys)
    for service in ["cloudformation", "iam"]
)
formation.create_stack(
    StackName="pullpass-dev-deployer",
    TemplateBody=open(template, encoding="utf-8").read(),
    Capabilities=["CAPABILITY_NAMED_IAM"],
    Parameters=[
        {"ParameterKey": "Stage", "ParameterValue": "dev"},
        {"ParameterKey": "Repository", "ParameterValue": "example/pullpass"},
        # moto does not make identity providers.
        {"ParameterKey": "OidcProvider", "ParameterValue": "arn:aws:iam::123456789012:oidc-provider/example"},
    ],
)
attached = iam.list_attached_role_policies(RoleName="pullpass-dev-deployer")["AttachedPolicies"]


def document(arn):
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


print(json.dumps([{"name": one["PolicyName"], "statements": document(one["PolicyArn"])["Statement"]} for one in attached]))
