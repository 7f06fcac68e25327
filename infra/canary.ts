/**
 * Versions and aliases of the functions, and how traffic goes from one version to the next: at once, or bit by bit, watched by
 * alarms and back by itself.
 */
import { MINUTE_SECONDS } from '../lib/domain/time.ts';
import { logicalName, type Resource, ref, sub, type Template } from './template.ts';
import { versionDigest } from './versions.ts';

/** What callers, schedules and the API invoke. */
export const ALIAS = 'live';

/** Traffic is shifted bit by bit (parameters.yml). Otherwise CloudFormation changes the alias itself, without CodeDeploy. */
const SHIFTS = 'ShiftsTraffic';
/** Makes the keys of new services, which a login needs (keys.yml). */
const RINGS = 'Rings';
/** What must be refused is not (alarms.ts), where there is a prober. */
const BREACH = 'NegativeProbesFailAlarm';

export interface Deployed {
  /** As in serverless.yml. */
  readonly name: string;
  /** The API invokes it, so its traffic can be shifted. */
  readonly serves: boolean;
  /** Environments that are ready before they are called. */
  readonly provisionedConcurrency?: number | undefined;
}

/** The logical name of a function's alias. */
export function aliasName(name: string): string {
  return `${logicalName(name)}Live`;
}

/** The resources for these functions, whose own are in the template. */
export function canaryResources(
  functions: readonly Deployed[],
  stage: string,
  template: Template,
): Record<string, Resource> {
  const serving = functions.filter(({ serves }) => serves);
  const each = functions.map(deployed => {
    const version = versionName(deployed.name, template);
    return {
      [version]: versionOf(deployed.name),
      [aliasName(deployed.name)]: aliasOf(deployed, version, template),
      ...(deployed.serves ? shiftOf(deployed.name, { stage, version, template }) : {}),
    };
  });
  return Object.assign({}, ...each, {
    CanaryApiFailsAlarm: apiFailsAlarm(stage),
    Deployments: {
      Type: 'AWS::CodeDeploy::Application',
      Condition: SHIFTS,
      Properties: { ApplicationName: `pullpass-${stage}`, ComputePlatform: 'Lambda' },
    },
    DeploymentRole: deploymentRole(serving, stage),
  });
}

/** Its name changes with what is published, so that CloudFormation publishes it. */
function versionName(name: string, template: Template): string {
  const own = template.Resources[functionName(name)];
  if (own === undefined) throw new Error(`The template has no ${functionName(name)}.`);
  return `${logicalName(name)}Version${versionDigest(own, template)}`;
}

/** Kept when another follows, so that the alias can go back to it; osls removes old ones (`pruneFunctionVersions`). */
function versionOf(name: string): Resource {
  return {
    Type: 'AWS::Lambda::Version',
    // Of a deployment that failed nothing may stay: Lambda would publish nothing when it is repeated.
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
    Properties: { FunctionName: ref(functionName(name)) },
  };
}

function aliasOf(
  { name, serves, provisionedConcurrency }: Deployed,
  version: string,
  { Resources }: Template,
): Resource {
  const shift = {
    CodeDeployLambdaAliasUpdate: {
      ApplicationName: ref('Deployments'),
      DeploymentGroupName: ref(groupName(name)),
    },
  };
  return {
    Type: 'AWS::Lambda::Alias',
    // A new version gets no login before the keys of new services are there.
    ...(serves && RINGS in Resources ? { DependsOn: RINGS } : {}),
    ...(serves ? { UpdatePolicy: { 'Fn::If': [SHIFTS, shift, ref('AWS::NoValue')] } } : {}),
    Properties: {
      FunctionName: ref(functionName(name)),
      FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] },
      Name: ALIAS,
      ...(provisionedConcurrency === undefined
        ? {}
        : {
            ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: provisionedConcurrency },
          }),
    },
  };
}

interface Shift {
  readonly stage: string;
  readonly version: string;
  readonly template: Template;
}

/** A deployment group for the function, and an alarm for its new version alone. */
function shiftOf(name: string, { stage, version, template }: Shift): Record<string, Resource> {
  const alarm = `${logicalName(name)}CanaryFailsAlarm`;
  return {
    [alarm]: canaryAlarm(`pullpass-${stage}-${logicalName(name)}CanaryFails`, {
      AlarmDescription: `The new version of ${name} ends in errors: the deployment goes back`,
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [
        { Name: 'FunctionName', Value: ref(functionName(name)) },
        { Name: 'Resource', Value: sub(`\${${functionName(name)}}:${ALIAS}`) },
        { Name: 'ExecutedVersion', Value: { 'Fn::GetAtt': [version, 'Version'] } },
      ],
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
    }),
    [groupName(name)]: {
      Type: 'AWS::CodeDeploy::DeploymentGroup',
      Condition: SHIFTS,
      Properties: {
        ApplicationName: ref('Deployments'),
        DeploymentGroupName: `pullpass-${stage}-${name}`,
        ServiceRoleArn: { 'Fn::GetAtt': ['DeploymentRole', 'Arn'] },
        DeploymentConfigName: sub(`CodeDeployDefault.Lambda\${DeploymentPreference}`),
        DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
        },
        AlarmConfiguration: {
          Enabled: true,
          Alarms: [
            { Name: ref(alarm) },
            { Name: ref('CanaryApiFailsAlarm') },
            ...(BREACH in template.Resources ? [{ Name: ref(BREACH) }] : []),
          ],
        },
      },
    },
  };
}

/** Two minutes of three: sooner than ApiFails, which would ring after most canaries are over. */
function apiFailsAlarm(stage: string): Resource {
  return canaryAlarm(`pullpass-${stage}-CanaryApiFails`, {
    AlarmDescription: 'The API answers 5xx while a version is deployed: the deployment goes back',
    Namespace: 'AWS/ApiGateway',
    MetricName: '5xx',
    Dimensions: [{ Name: 'ApiId', Value: ref('HttpApi') }],
    EvaluationPeriods: 3,
    DatapointsToAlarm: 2,
  });
}

/** CodeDeploy alone watches it; it sends no message. */
function canaryAlarm(name: string, properties: Readonly<Record<string, unknown>>): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Condition: SHIFTS,
    Properties: {
      AlarmName: name,
      ...properties,
      Statistic: 'Sum',
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      Period: MINUTE_SECONDS,
      TreatMissingData: 'notBreaching',
    },
  };
}

/** What CodeDeploy needs to move an alias and to read alarms, for these functions alone. */
function deploymentRole(serving: readonly Deployed[], stage: string): Resource {
  // Not by references to the aliases, which refer to their deployment groups, and these to this role.
  const aliases = serving.flatMap(({ name }) => {
    const arn = { 'Fn::GetAtt': [functionName(name), 'Arn'] };
    return [arn, { 'Fn::Join': [':', [arn, ALIAS]] }];
  });
  return {
    Type: 'AWS::IAM::Role',
    Condition: SHIFTS,
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'codedeploy.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      },
      Policies: [
        {
          PolicyName: 'deployments',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Action: ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'],
                Resource: aliases,
              },
              {
                Effect: 'Allow',
                Action: 'cloudwatch:DescribeAlarms',
                Resource: sub(
                  `arn:\${AWS::Partition}:cloudwatch:\${AWS::Region}:\${AWS::AccountId}:alarm:pullpass-${stage}-*`,
                ),
              },
            ],
          },
        },
      ],
    },
  };
}

/** The logical name that osls gives a function. */
export function functionName(name: string): string {
  return `${logicalName(name)}LambdaFunction`;
}

function groupName(name: string): string {
  return `${logicalName(name)}Deployments`;
}
