/** The packaged template, held against the code that it deploys. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAX_STAGE } from '../../infra/osls/judge.ts';
import { PARAMETERS, type Parameter } from '../../infra/parameters.ts';
import { logicalName } from '../../infra/template.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { createCredentials } from '../../lib/compose/credentials.ts';
import { createDiscovery } from '../../lib/compose/discovery.ts';
import { createFallback } from '../../lib/compose/fallback.ts';
import { createKeys } from '../../lib/compose/keys.ts';
import { createLogin } from '../../lib/compose/login.ts';
import { createManagement } from '../../lib/compose/management.ts';
import { createRestore } from '../../lib/compose/restore.ts';
import { processWorld } from '../../lib/compose/world.ts';
import { readConfig, VARIABLES } from '../../lib/config/config.ts';
import { COUNTS, OBSERVATIONS } from '../../lib/ports/system.ts';
import { tableDefinition } from '../support/table-definition.ts';
import { ofType, type Stack, stackOf } from './support/cloudformation.ts';
import { type Package, packaged } from './support/packaged.ts';
import { unzip } from './support/unzip.ts';

let kept: Package;
let stack: Stack;
beforeAll(async () => {
  kept = await packaged();
  stack = stackOf(kept.template);
}, 120_000);

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
type Properties = Record<string, any>;

function functionsIn(of: Stack): Map<string, Properties> {
  const found = ofType(of, 'AWS::Lambda::Function').map(([, properties]) => properties as Properties);
  return new Map(found.map(properties => [properties.FunctionName.replace('pullpass-dev-', ''), properties]));
}

it('has a bill of materials beside it, of all functions and of nothing that is not installed', () => {
  const { components } = JSON.parse(readFileSync(join(kept.directory, 'sbom.cdx.json'), 'utf8'));
  const names = new Set<string>(
    components.flatMap(({ properties }: Properties) => properties.map(({ value }: Properties) => value)),
  );
  // The cleanup holds no package.
  expect(names).toEqual(new Set([...functionsIn(stack).keys()].filter(name => name !== 'cleanup')));
  expect(components.map(({ name }: Properties) => name)).toContain('@aws-sdk/client-dynamodb');
});

describe('the routes', () => {
  const routesIn = () => {
    const integrations = new Map(ofType(stack, 'AWS::ApiGatewayV2::Integration'));
    return ofType(stack, 'AWS::ApiGatewayV2::Route').map(([, { RouteKey, Target }]) => {
      const uri = String(integrations.get(String(Target).replace('integrations/', ''))?.IntegrationUri);
      return [String(RouteKey), uri.replace(/^.*-(\w+):live$/, '$1')] as const;
    });
  };

  it('are those of the table, each to its function, and what is left goes to the fallback', () => {
    // The registry function is in a deployment whose services need it.
    const { registry: _, ...served } = ROUTES;
    const wanted = Object.entries(served).flatMap(([name, routes]) =>
      routes.map(({ method, path }) => [`${method} ${path}`, name] as const),
    );
    expect(new Map(routesIn())).toEqual(new Map([...wanted, ['$default', 'fallback']]));
    expect(routesIn()).toHaveLength(wanted.length + 1);
  });

  it('have a limit each, as the parameters say', async () => {
    const [[, stage = {}] = []] = ofType(stack, 'AWS::ApiGatewayV2::Stage') as [string, Properties][];
    const limits = { ...stage.RouteSettings, $default: stage.DefaultRouteSettings } as Record<
      string,
      Properties
    >;
    expect(new Set(Object.keys(limits))).toEqual(new Set(routesIn().map(([key]) => key)));
    expect(limits['POST /oauth/token']).toEqual({ ThrottlingRateLimit: 1500, ThrottlingBurstLimit: 2500 });
    const { template } = await packaged({
      parameters: { loginRate: 700, loginBurst: 800, accountRate: 7000 },
    });
    const { RouteSettings, DefaultRouteSettings } = Object(template.Resources.HttpApiStage?.Properties);
    const limit = { ThrottlingRateLimit: 700, ThrottlingBurstLimit: 800 };
    expect(RouteSettings).toEqual({
      ...stage.RouteSettings,
      ...Object.fromEntries(
        ROUTES.login.flatMap(({ method, path }) =>
          path === '/health' ? [] : [[`${method} ${path}`, limit]],
        ),
      ),
    });
    expect(DefaultRouteSettings).toEqual(stage.DefaultRouteSettings);
  });

  it('exist before they are limited', () => {
    const names = ofType(stack, 'AWS::ApiGatewayV2::Route').map(([name]) => name);
    expect(new Set(stack.resources.get('HttpApiStage')?.DependsOn)).toEqual(new Set(names));
  });
});

describe('the functions', () => {
  it('run on the newest Node for arm64, and answer before the API gives up', () => {
    for (const [name, { Runtime, Architectures, Handler, Timeout }] of functionsIn(stack)) {
      expect([Runtime, Architectures, Handler]).toEqual(['nodejs24.x', ['arm64'], 'index.handler']);
      if (name in ROUTES || name === 'fallback') expect(Timeout).toBeLessThan(30);
    }
  });

  it('have concurrency of their own and leave 100 to the account, unless it is shared', () => {
    const reserved = (of: Stack) =>
      [...functionsIn(of).values()].map(({ ReservedConcurrentExecutions }) => ReservedConcurrentExecutions);
    const own = reserved(stack) as number[];
    expect(Math.min(...own)).toBeGreaterThan(0);
    expect(own.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(900);
    const shared = reserved(stackOf(kept.template, { Concurrency: 'shared' }));
    expect(new Set(shared)).toEqual(new Set([undefined]));
  });

  it('leave lines of Lambda itself to what went wrong, and lose none of ours', () => {
    const wanted = { LogFormat: 'JSON', SystemLogLevel: 'WARN', ApplicationLogLevel: 'INFO' };
    for (const [name, { LoggingConfig }] of functionsIn(stack))
      expect([name, LoggingConfig]).toEqual([name, wanted]);
  });

  it('log to groups that end, and exist before them', () => {
    for (const [, { LogGroupName, RetentionInDays }] of ofType(stack, 'AWS::Logs::LogGroup')) {
      expect(LogGroupName).toMatch(/^\/aws\/(?:lambda\/pullpass-dev-[a-z]+|apigateway\/pullpass-dev)$/);
      expect(RetentionInDays).toBe(90);
    }
    for (const [name] of ofType(stack, 'AWS::Lambda::Function')) {
      expect(stack.resources.get(name)?.DependsOn).toContain(name.replace('LambdaFunction', 'LogGroup'));
    }
  });
});

vi.mock('../../lib/config/config.ts', { spy: true });

const CREATE = {
  login: createLogin,
  management: createManagement,
  credentials: createCredentials,
  discovery: createDiscovery,
  fallback: createFallback,
  cleanup: createCleanup,
  keys: createKeys,
  restore: createRestore,
};

/** What a deployment without the option that it is for does not set. */
const OPTIONAL = [
  'PULLPASS_RULES_CEILING',
  'PULLPASS_COPY_REGION',
  'PULLPASS_PROBER',
  'PULLPASS_SECRET_KEY',
  'PULLPASS_WEAK_MANAGEMENT',
  'PULLPASS_WEBHOOK_SECRET_FILE',
  'PULLPASS_WEBHOOK_URL',
];

describe('the environment of', () => {
  let task: string;
  beforeAll(async () => {
    task = await mkdtemp(join(tmpdir(), 'pullpass-task-'));
    await mkdir(join(task, 'deployment'));
    for (const file of readdirSync(kept.directory).filter(one => one.endsWith('.zip')))
      for (const { name, content } of unzip(readFileSync(join(kept.directory, file))))
        if (name.startsWith('deployment/')) await writeFile(join(task, name), content);
  });
  afterAll(() => rm(task, { recursive: true }));

  /** The variables of the settings that a function reads when it is made with what the template gives it. */
  function readBy(name: keyof typeof CREATE, given: Readonly<Record<string, string>>): Set<string> {
    const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const read = vi.mocked(readConfig).mockClear();
    CREATE[name]({ ...processWorld(), environment: { ...given, ...AWS } });
    const names = read.mock.calls.flatMap(([settings]) => settings);
    return new Set(VARIABLES.filter(one => names.includes(one.name)).map(({ variable }) => variable));
  }

  it.each(Object.keys(CREATE) as (keyof typeof CREATE)[])(
    '%s is what it reads, and it starts with it',
    name => {
      const options = { WeakManagement: 'accept-replay' };
      for (const of of [stack, stackOf(kept.template, options)]) {
        const variables: Properties = functionsIn(of).get(name)?.Environment?.Variables ?? {};
        const given = Object.entries(variables).map(([key, value]) => [
          key,
          String(value).replace('/var/task', task),
        ]);
        const read = readBy(name, Object.fromEntries(given));
        // The services are a file on AWS; a stage that is not given means that no metrics are collected.
        read.delete('PULLPASS_SERVICE');
        if (!('PULLPASS_STAGE' in variables)) read.delete('PULLPASS_STAGE');
        const optional = OPTIONAL.filter(
          key => (of === stack || key !== 'PULLPASS_WEAK_MANAGEMENT') && read.has(key),
        );
        expect(new Set([...Object.keys(variables), ...optional])).toEqual(read);
      }
    },
  );
});

describe('the tables', () => {
  it.each(['TokensTable', 'LedgerTable'])(
    '%s have the keys that the code expects, expire, and outlive all',
    name => {
      const resource = stack.resources.get(name);
      const { TableName = '', ...properties }: Properties = resource?.Properties ?? {};
      expect({ TableName, ...properties }).toMatchObject(tableDefinition(TableName));
      expect(properties).toMatchObject({
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
        DeletionProtectionEnabled: true,
        SSESpecification: { SSEEnabled: true },
      });
      expect(properties.StreamSpecification).toBeUndefined();
      expect([resource?.DeletionPolicy, resource?.UpdateReplacePolicy]).toEqual([
        'RetainExceptOnCreate',
        'Retain',
      ]);
    },
  );
});

describe('the alarms', () => {
  const alarms = () => ofType(stack, 'AWS::CloudWatch::Alarm') as [string, Properties][];

  it('watch metrics that exist', () => {
    const own = new Set<string>([...COUNTS, ...Object.keys(OBSERVATIONS)]);
    const functions = new Set([...functionsIn(stack).values()].map(({ FunctionName }) => FunctionName));
    for (const [, { Namespace, MetricName, Dimensions }] of alarms()) {
      const [{ Name, Value } = { Name: undefined, Value: undefined }] = Dimensions ?? [];
      if (Namespace === 'Pullpass')
        expect([own.has(MetricName), Name, Value]).toEqual([true, 'Stage', 'dev']);
      if (Namespace === 'AWS/Lambda' && Dimensions !== undefined)
        expect([Name, functions.has(Value)]).toEqual(['FunctionName', true]);
    }
    const [[, dashboard = {}] = []] = ofType(stack, 'AWS::CloudWatch::Dashboard') as [string, Properties][];
    const lines = JSON.parse(dashboard.DashboardBody).widgets.flatMap(
      (one: Properties) => one.properties.metrics,
    );
    const shown = lines
      .filter(([namespace]: string[]) => namespace === 'Pullpass')
      .map(([, metric]: string[]) => metric);
    expect(new Set(shown)).toEqual(own);
  });

  it('all go to the topic, and are of a length that CloudWatch takes', () => {
    expect(alarms().length).toBeGreaterThan(36);
    for (const [, properties] of alarms()) {
      const { AlarmActions, TreatMissingData, Period, EvaluationPeriods, DatapointsToAlarm } = properties;
      if (TreatMissingData !== 'missing') expect(AlarmActions).toEqual(['Alarms']);
      expect(DatapointsToAlarm).toBeLessThanOrEqual(EvaluationPeriods);
      // Seven days for periods of an hour and more, else one.
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual(Period >= 3600 ? 604_800 : 86_400);
    }
  });

  it('of silence are raised when figures no longer come, and not on a stack that has none yet', () => {
    const silent = alarms().filter(([, { TreatMissingData }]) => TreatMissingData === 'missing');
    expect(
      silent.map(([name, { Period, EvaluationPeriods }]) => [name, (Period * EvaluationPeriods) / 3600]),
    ).toEqual([
      ['CleanupSilentAlarm', 26],
      ['KeysSilentAlarm', 3],
      ['AttestationSilentAlarm', 1],
    ]);
    for (const [, { AlarmActions, InsufficientDataActions }] of silent)
      expect([AlarmActions, InsufficientDataActions]).toEqual([undefined, ['Alarms']]);
    expect(alarms().filter(([, { TreatMissingData }]) => TreatMissingData === 'breaching')).toEqual([]);
  });

  it('ring at 80 % of the concurrency of logins, which is there only where it is reserved, and of the account', () => {
    const busy = (name: string) => stack.resources.get(name)?.Properties ?? {};
    const logins = [{ Name: 'FunctionName', Value: 'pullpass-dev-login' }];
    expect(busy('LoginBusyAlarm')).toMatchObject({ Threshold: 320, Dimensions: logins });
    expect(busy('AccountBusyAlarm')).toMatchObject({ Threshold: 800, MetricName: 'ConcurrentExecutions' });
    expect(busy('AccountBusyAlarm').Dimensions).toBeUndefined();
    expect(stackOf(kept.template, { Concurrency: 'shared' }).resources.get('LoginBusyAlarm')).toBeUndefined();
  });

  it('watch the slowest hundredth of the answers of each function that answers callers', () => {
    const slow = alarms().filter(([name]) => name.endsWith('SlowAlarm'));
    expect(slow.map(([name]) => name)).toEqual(
      ['Login', 'Management', 'Credentials', 'Discovery', 'Fallback'].map(name => `${name}SlowAlarm`),
    );
    for (const [, { ExtendedStatistic, Statistic, Threshold }] of slow)
      expect([ExtendedStatistic, Statistic, Threshold]).toEqual(['p99', undefined, 3000]);
  });
});

it('the parameters reach the template with their values', () => {
  const rows = Object.entries<Parameter>(PARAMETERS).filter(([, { template }]) => template !== undefined);
  const wanted = rows.map(([name, { absent }]) => [
    logicalName(name),
    String(absent).replace('<stage>', 'dev'),
  ]);
  const found = Object.entries(kept.template.Parameters).map(([name, row]) => [name, String(row.Default)]);
  expect(new Map(found as [string, string][])).toEqual(new Map(wanted as [string, string][]));
});

it('every resource has a name that AWS takes, with the longest stage that is taken', () => {
  const stage = 'a'.repeat(MAX_STAGE);
  const { Resources } = JSON.parse(
    JSON.stringify(kept.template).replaceAll('pullpass-dev', `pullpass-${stage}`),
  ) as typeof kept.template;
  const names = Object.values(Resources).flatMap(({ Type, Properties = {} }) =>
    Object.entries(Properties)
      .filter(([key, value]) => /^(?:[A-Z]\w*)?Name$/.test(key) && String(value).includes(stage))
      .map(([key, value]) => [`${Type} ${key}`, String(value).length] as const),
  );
  expect(names.length).toBeGreaterThan(20);
  for (const [what, length] of names) {
    const limit = NAME_LIMITS[what];
    expect([what, limit !== undefined && length <= limit]).toEqual([what, true]);
  }
});

/** The longest names, as the API references of the services have them. */
const NAME_LIMITS: Readonly<Record<string, number>> = {
  'AWS::ApiGatewayV2::Api Name': 128,
  'AWS::CloudWatch::Alarm AlarmName': 255,
  'AWS::CloudWatch::Dashboard DashboardName': 255,
  'AWS::CodeDeploy::Application ApplicationName': 100,
  'AWS::CodeDeploy::DeploymentGroup DeploymentGroupName': 100,
  'AWS::DynamoDB::Table TableName': 255,
  'AWS::KMS::Alias AliasName': 256,
  'AWS::Lambda::Function FunctionName': 64,
  'AWS::Logs::LogGroup LogGroupName': 512,
  'AWS::SNS::Topic TopicName': 256,
  'AWS::SQS::Queue QueueName': 80,
};

describe('the access log', () => {
  it('has what says who asked for which route and how it was answered, and nothing that may hold a secret', () => {
    const [[, stage = {}] = []] = ofType(stack, 'AWS::ApiGatewayV2::Stage') as [string, Properties][];
    const { Format } = stage.AccessLogSettings;
    expect(JSON.parse(Format)).toEqual({
      stage: 'dev',
      requestId: '$context.requestId',
      time: '$context.requestTimeEpoch',
      sourceAddress: '$context.identity.sourceIp',
      method: '$context.httpMethod',
      route: '$context.routeKey',
      status: '$context.status',
      integrationStatus: '$context.integrationStatus',
      latencyMs: '$context.responseLatency',
      integrationLatencyMs: '$context.integrationLatency',
      bytes: '$context.responseLength',
      protocol: '$context.protocol',
    });
    // What a caller writes at will: paths, queries, headers, and texts about them.
    expect(Format).not.toMatch(/path|query|header|userAgent|authorizer|rrorMessage/i);
  });

  it('counts what the API refused by itself, where the alarm looks', () => {
    const [[, { FilterPattern, MetricTransformations }] = ['', {}]] = ofType(
      stack,
      'AWS::Logs::MetricFilter',
    ) as [string, Properties][];
    expect(FilterPattern).toBe('{ $.status = "429" && $.integrationStatus = "-" }');
    const [{ MetricNamespace, MetricName, Dimensions }] = MetricTransformations;
    const alarm = stack.resources.get('ApiThrottlesAlarm')?.Properties as Properties;
    expect([alarm.Namespace, alarm.MetricName, alarm.Dimensions]).toEqual([
      MetricNamespace,
      MetricName,
      [{ Name: 'Stage', Value: 'dev' }],
    ]);
    expect(Dimensions).toEqual([{ Key: 'Stage', Value: '$.stage' }]);
  });
});

describe('a URL of the login function', () => {
  it('is not there unless it is asked for', () => {
    expect(ofType(stack, 'AWS::Lambda::Url')).toEqual([]);
    expect(String(stack.outputs.get('LoginUrl'))).toMatch(/execute-api.*\/oauth\/token$/);
  });

  it('is that of the alias, without IAM, and is what registries get', () => {
    const reached = stackOf(kept.template, { LoginUrl: 'on' });
    expect(ofType(reached, 'AWS::Lambda::Url').map(([, properties]) => properties)).toEqual([
      expect.objectContaining({ AuthType: 'NONE', Qualifier: 'live', InvokeMode: 'BUFFERED' }),
    ]);
    expect(String(reached.outputs.get('LoginUrl'))).toMatch(/LoginFunctionUrl.*oauth\/token$/);
    expect(reached.outputs.get('Url')).toBe(stack.outputs.get('Url'));
  });
});

describe('a domain', () => {
  const Domain = 'pullpass.example.com';
  const Certificate = 'arn:aws:acm:eu-central-1:123456789012:certificate/0';
  it('is not there unless it is given', () => {
    expect(ofType(stack, 'AWS::ApiGatewayV2::DomainName')).toEqual([]);
    expect(stack.resources.get('HttpApi')?.Properties.DisableExecuteApiEndpoint).toBe(false);
  });
  it('is then the only name of the API, and the issuer of its tokens', () => {
    const named = stackOf(kept.template, { Domain, Certificate, HostedZone: 'Z1' });
    expect(named.outputs.get('Url')).toBe(`https://${Domain}`);
    expect(named.resources.get('HttpApi')?.Properties.DisableExecuteApiEndpoint).toBe(true);
    expect(functionsIn(named).get('login')?.Environment.Variables.PULLPASS_URL).toBe(`https://${Domain}`);
    expect(ofType(named, 'AWS::Route53::RecordSet').map(([, { Type }]) => Type)).toEqual(['A', 'AAAA']);
    expect(ofType(stackOf(kept.template, { Domain, Certificate }), 'AWS::Route53::RecordSet')).toEqual([]);
  });
});
