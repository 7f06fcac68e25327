"""
Runs moto's server with what its CloudFormation lacks: aliases of functions, on which permissions are given, the number of a version,
and a change of the deletion protection of a table.
"""

import sys

from moto.awslambda.models import LambdaVersion, lambda_backends
from moto.core.common_models import CloudFormationModel
from moto.dynamodb.models.table import Table
from moto.server import main
from moto.utilities.utils import get_partition

LambdaVersion.get_cfn_attribute = lambda self, name: str(self.version)


class Alias(CloudFormationModel):
    # By its module moto knows which service a model is of.
    __module__ = "moto.awslambda.models"

    def __init__(self, arn):
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_name_type():
        return "Name"

    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        properties = cloudformation_json["Properties"]
        name, function = properties["Name"], properties["FunctionName"]
        backend = lambda_backends[account_id][region_name]
        backend.create_alias(name, function, properties["FunctionVersion"], "", "")
        partition = get_partition(region_name)
        return cls(f"arn:{partition}:lambda:{region_name}:{account_id}:function:{function}:{name}")

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
    ):
        properties = cloudformation_json["Properties"]
        backend = lambda_backends[account_id][region_name]
        backend.update_alias(properties["Name"], properties["FunctionName"], properties["FunctionVersion"], "", "")
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        lambda_backends[account_id][region_name].delete_alias(properties["Name"], properties["FunctionName"])


@classmethod
def update_table(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
    wanted = cloudformation_json["Properties"].get("DeletionProtectionEnabled", False)
    original_resource.deletion_protection_enabled = wanted
    return original_resource


Table.update_from_cloudformation_json = update_table
main(sys.argv[1:])
