/** Versions, aliases and CodeDeploy in the packaged template; and the prober, whose alarm stops a deployment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canaryResources } from '../../infra/canary.ts';
import { aliasFunctions } from '../../infra/osls/canary.ts';
import { createProber } from '../../lib/compose/prober.ts';
import { processWorld } from '../../lib/compose/world.ts';
import { ACCOUNT, ofType, type Stack, stackOf } from './support/cloudformation.ts';
import { type Package, PROJECT, packaged } from './support/packaged.ts';
import { unzip } from './support/unzip.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
type Properties = Record<string, any>;

const SERVING = ['Login', 'Management', 'Credentials', 'Discovery', 'Fallback'];
const OTHERS = ['Cleanup', 'Keys', 'Restore', 'Prober'];
const CANARY = 'Canary10Percent5Minutes';

let kept: Package;
let atOnce: Stack;
let shifting: Stack;
beforeAll(async () => {
  kept = await packaged({ parameters: { prober: 'on' } });
  atOnce = stackOf(kept.template);
  shifting = stackOf(kept.template, { DeploymentPreference: CANARY });
}, 120_000);

const arnOf = (name: string) =>
  `arn:aws:lambda:eu-central-1:${ACCOUNT}:function:pullpass-dev-${name.toLowerCase()}`;

function variablesIn(stack: Stack, name: string): Properties {
  const { Environment } = (stack.resources.get(`${name}LambdaFunction`)?.Properties ?? {}) as Properties;
  return Environment.Variables;
}

function alias(name: string): Properties {
  return kept.template.Resources[`${name}Live`] ?? {};
}

describe('every function', () => {
  it.each([...SERVING, ...OTHERS])('%s has a version of its own, which its alias points to', name => {
    const [version = ''] = ofType(atOnce, 'AWS::Lambda::Version')
      .map(([logical]) => logical)
      .filter(logical => logical.startsWith(`${name}Version`));
    expect(version).toMatch(/^[A-Z][a-z]+Version[0-9a-f]{16}$/);
    expect(kept.template.Resources[version]).toEqual({
      Type: 'AWS::Lambda::Version',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: { FunctionName: { Ref: `${name}LambdaFunction` } },
    });
    expect(alias(name).Properties).toEqual({
      FunctionName: { Ref: `${name}LambdaFunction` },
      FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] },
      Name: 'live',
    });
  });

  it('is invoked by its alias alone: by the API, by schedules, and where a failed run is kept', () => {
    const targets = [
      ...ofType(atOnce, 'AWS::ApiGatewayV2::Integration').map(([, { IntegrationUri }]) => IntegrationUri),
      ...ofType(atOnce, 'AWS::Events::Rule').flatMap(([, { Targets }]) =>
        (Targets as Properties[]).map(({ Arn }) => Arn),
      ),
      ...ofType(atOnce, 'AWS::Lambda::Permission').map(([, { FunctionName }]) => FunctionName),
    ];
    const aliases = [...SERVING, ...OTHERS].map(name => `${arnOf(name)}:live`);
    expect(targets.filter(target => !aliases.includes(String(target)))).toEqual([]);
    const qualifiers = ofType(atOnce, 'AWS::Lambda::EventInvokeConfig').map(([, { Qualifier }]) => Qualifier);
    expect(new Set(qualifiers)).toEqual(new Set(['live']));
    for (const [name, value] of atOnce.outputs)
      if (/Command$/.test(name)) expect(value).toMatch(/--function-name \S+:live /);
  });

  it('gets requests only when the keys of new services are there, which the new code has made', () => {
    for (const name of SERVING) expect(alias(name).DependsOn).toEqual(['Rings']);
    const { ServiceToken } = atOnce.resources.get('Rings')?.Properties ?? {};
    expect(ServiceToken).toBe(arnOf('keys'));
  });

  it('keeps its reserved concurrency, which is no part of a version', () => {
    const reserved = (of: Stack) =>
      ofType(of, 'AWS::Lambda::Function').map(([, properties]) => properties.ReservedConcurrentExecutions);
    expect(reserved(shifting)).toEqual(reserved(atOnce));
    expect(reserved(atOnce)).not.toContain(undefined);
  });
});

describe('a deployment at once', () => {
  it('needs no CodeDeploy', () => {
    const types = [...atOnce.resources.values()].map(({ Type }) => Type);
    expect(types.filter(type => type.startsWith('AWS::CodeDeploy'))).toEqual([]);
    expect([...atOnce.resources.keys()].filter(name => name.includes('Canary'))).toEqual([]);
  });
});

describe('a deployment bit by bit', () => {
  it('shifts the functions that serve requests, and no other', () => {
    for (const name of SERVING) {
      expect(alias(name).UpdatePolicy['Fn::If']).toEqual([
        'ShiftsTraffic',
        {
          CodeDeployLambdaAliasUpdate: {
            ApplicationName: { Ref: 'Deployments' },
            DeploymentGroupName: { Ref: `${name}Deployments` },
          },
        },
        { Ref: 'AWS::NoValue' },
      ]);
    }
    for (const name of OTHERS) expect(alias(name).UpdatePolicy).toBeUndefined();
    const groups = ofType(shifting, 'AWS::CodeDeploy::DeploymentGroup').map(([name]) => name);
    expect(groups).toEqual(SERVING.map(name => `${name}Deployments`));
  });

  it('goes back by itself when the new version fails, the API fails, or what must be refused is not', () => {
    for (const [name, group] of ofType(shifting, 'AWS::CodeDeploy::DeploymentGroup')) {
      expect(group).toMatchObject({
        DeploymentConfigName: `CodeDeployDefault.Lambda${CANARY}`,
        DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
        },
        AlarmConfiguration: {
          Enabled: true,
          Alarms: [
            { Name: name.replace('Deployments', 'CanaryFailsAlarm') },
            { Name: 'CanaryApiFailsAlarm' },
            { Name: 'NegativeProbesFailAlarm' },
          ],
        },
      });
      for (const { Name } of (group.AlarmConfiguration as Properties).Alarms)
        expect(shifting.resources.get(Name)?.Type).toBe('AWS::CloudWatch::Alarm');
    }
  });

  it('watches the errors of the new version alone, from its first minute on', () => {
    const { Dimensions, ...alarm } = shifting.resources.get('LoginCanaryFailsAlarm')?.Properties ?? {};
    expect(alarm).toMatchObject({ MetricName: 'Errors', Period: 60, EvaluationPeriods: 1, Threshold: 0 });
    expect(Dimensions).toEqual([
      { Name: 'FunctionName', Value: 'pullpass-dev-login' },
      { Name: 'Resource', Value: 'pullpass-dev-login:live' },
      { Name: 'ExecutedVersion', Value: expect.stringMatching(/^LoginVersion[0-9a-f]{16}\.Version$/) },
    ]);
  });

  it.each(['Linear10PercentEvery1Minute', 'Canary10Percent30Minutes'])(
    'can be slower or steadier: %s',
    DeploymentPreference => {
      const { resources } = stackOf(kept.template, { DeploymentPreference });
      expect(resources.get('LoginDeployments')?.Properties.DeploymentConfigName).toBe(
        `CodeDeployDefault.Lambda${DeploymentPreference}`,
      );
    },
  );

  it('has no alarm of a prober where there is none', async () => {
    const { template } = await packaged();
    const without = stackOf(template, { DeploymentPreference: CANARY }).resources.get('LoginDeployments');
    expect(JSON.stringify(without)).not.toContain('Probe');
  }, 120_000);
});

describe('provisioned concurrency', () => {
  it('is of the alias, and osls makes no alias of its own for it', () => {
    const settings = { events: [{ httpApi: '*' }], provisionedConcurrency: 5 };
    const functions = { login: settings };
    const deployed = aliasFunctions({ functions } as never);
    expect(settings).toEqual({
      events: settings.events,
      versionFunction: false,
      targetAlias: { name: 'live', logicalId: 'LoginLive' },
    });
    const own = { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Key: 'a/login.zip' } } };
    const template = { Parameters: {}, Conditions: {}, Resources: { LoginLambdaFunction: own }, Outputs: {} };
    expect(canaryResources(deployed, 'dev', template).LoginLive?.Properties).toMatchObject({
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 5 },
    });
  });
});

describe('the prober', () => {
  const identity = `aws:aws:${ACCOUNT}:arn:aws:iam::${ACCOUNT}:role/ProberRole`;

  it('runs every five minutes, once for each, and one at a time', () => {
    expect(shifting.resources.get('ProberRuns')?.Properties).toMatchObject({
      ScheduleExpression: 'rate(5 minutes)',
      Targets: [{ Arn: `${arnOf('prober')}:live`, RetryPolicy: { MaximumRetryAttempts: 0 } }],
    });
    const { ReservedConcurrentExecutions, Timeout } =
      shifting.resources.get('ProberLambdaFunction')?.Properties ?? {};
    expect([ReservedConcurrentExecutions, Timeout]).toEqual([1, 60]);
  });

  it('administers by its role, in each function that knows administrators', () => {
    const variablesOf = (name: string) => variablesIn(atOnce, name);
    for (const name of ['Login', 'Management', 'Credentials'])
      expect(variablesOf(name).PULLPASS_PROBER).toBe(identity);
    expect(variablesOf('Discovery')).not.toHaveProperty('PULLPASS_PROBER');
    expect(variablesOf('Management').PULLPASS_PROBE_NAMESPACE).toBe('pullpass-probe');
  });

  it('has the services of the deployment in its archive, and nothing else of it', () => {
    const [archive = ''] = readdirSync(kept.directory).filter(file => file.startsWith('prober-'));
    const names = unzip(readFileSync(join(kept.directory, archive))).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(['index.mjs', 'deployment/services.json']));
  });

  it('starts with the variables that the template gives it', () => {
    const variables = variablesIn(atOnce, 'Prober');
    expect(new Set(Object.keys(variables))).toEqual(
      new Set(['PULLPASS_STAGE', 'PULLPASS_URL', 'PULLPASS_SERVICES', 'PULLPASS_PROBE_NAMESPACE']),
    );
    const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const services = String(variables.PULLPASS_SERVICES).replace('/var/task', PROJECT);
    const environment = { ...variables, ...AWS, PULLPASS_SERVICES: services };
    expect(createProber({ ...processWorld(), environment })).toBeTypeOf('function');
  });

  it('rings after two runs without success, at once for a breach, and when it is silent', () => {
    const alarm = (name: string) => atOnce.resources.get(`${name}Alarm`)?.Properties;
    expect(alarm('PositiveProbesFail')).toMatchObject({
      Period: 300,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
      AlarmActions: ['Alarms'],
    });
    expect(alarm('ProberSilent')).toMatchObject({
      MetricName: 'PositiveProbesFailed',
      Period: 300,
      EvaluationPeriods: 3,
      TreatMissingData: 'missing',
      InsufficientDataActions: ['Alarms'],
    });
    expect(alarm('NegativeProbesFail')).toMatchObject({
      Period: 300,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
      AlarmActions: ['Alarms'],
    });
  });

  it('is not there, and administers nothing, unless it is switched on', async () => {
    const { template } = await packaged();
    const names = Object.keys(template.Resources);
    expect(names.filter(name => /Probe/.test(name))).toEqual([]);
    const variables = variablesIn(stackOf(template), 'Login');
    expect(variables).toHaveProperty('PULLPASS_ISSUERS');
    expect(variables).not.toHaveProperty('PULLPASS_PROBER');
  }, 120_000);
});
