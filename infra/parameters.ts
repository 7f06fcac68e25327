/**
 * The parameters of a deployment: how each is written in `deployment/<stage>.json`, its default, and what CloudFormation is
 * told. The schema of that file and the parameters of the template are made from this table; docs/parameters.md explains it.
 */
import * as v from 'valibot';
import { NAMESPACE_SCHEMA } from '../lib/domain/repository.ts';
import { choice, count, list, OVERRIDE, packaged, shown, text, throttle } from './parameter-kinds.ts';
import { logicalName } from './template.ts';

export type Value = string | number | readonly string[];

export interface Parameter {
  readonly schema: v.GenericSchema<unknown, Value>;
  /** The default; `<stage>` in it is the stage. */
  readonly absent: Value;
  readonly description: string;
  /** Whether `--param` may set it for one deployment. What a deployment is, and who may do what, is in the file alone. */
  readonly override?: true;
  /** Its constraints as a parameter of the template; absent: only the package knows it. */
  readonly template?: Readonly<Record<string, unknown>>;
}

/** Retentions that CloudWatch Logs has. */
const LOG_DAYS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545],
  ...[731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

/** AWS Tagging reference; the functions get them in one variable, separated by commas. */
const TAG = /^(?!aws:|application=|stage=)[A-Za-z0-9 _.:/+@-]{1,128}=[A-Za-z0-9 _.:/=+@-]{0,256}$/;
/** Of the fifty that AWS takes, some are ours and some CloudFormation's. */
const MAX_TAGS = 40;

/** By name, in the order of docs/parameters.md. */
export const PARAMETERS = {
  accountConcurrency: {
    ...count(1000, [10, 1_000_000]),
    description: 'The quota of concurrent executions of the account, which all functions share',
  },
  accountRate: {
    ...count(10_000, [1000, 1_000_000]),
    description: 'The quota of HTTP API requests a second of the account, which all routes share',
  },
  administrators: { ...list([]), description: 'Who administers, each <issuer>:<account>:<subject>' },
  alarmEmail: {
    ...text('', /^(?:[^@\s]+@[^@\s]+)?$/, 'must be a mail address'),
    description: 'The mail address that gets alarms',
  },
  auditDays: { ...shown(count(365, [1, 3650])), description: 'How long audit records are kept' },
  certificate: {
    ...text(
      '',
      /^(?:arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[0-9a-f-]+)?$/,
      'must be the ARN of a certificate in ACM',
    ),
    description: 'The certificate of the domain, in the region of the deployment',
  },
  concurrency: {
    ...choice('reserved', 'shared'),
    ...OVERRIDE,
    description: 'Whether functions have concurrency of their own, or share that of the account',
  },
  copyRegion: {
    ...packaged('', /^(?:[a-z]{2,4}(?:-[a-z]+)+-\d)?$/, 'must be the name of a region, such as eu-west-1'),
    description: 'The region in which Secrets Manager keeps a copy of every secret of the stage',
  },
  credentialsBurst: { ...throttle(400), description: 'For POST /v1/credentials' },
  credentialsRate: { ...throttle(200), description: 'For POST /v1/credentials' },
  denialsPerFiveMinutes: {
    ...shown(count(1000, [1, 1_000_000_000])),
    ...OVERRIDE,
    description: 'How many denied logins raise the alarm',
  },
  deploymentPreference: {
    ...choice(
      'AllAtOnce',
      ...['Canary10Percent5Minutes', 'Canary10Percent10Minutes'],
      ...['Canary10Percent15Minutes', 'Canary10Percent30Minutes'],
      ...['Linear10PercentEvery1Minute', 'Linear10PercentEvery2Minutes'],
      ...['Linear10PercentEvery3Minutes', 'Linear10PercentEvery10Minutes'],
    ),
    ...OVERRIDE,
    description: 'How traffic goes from one version of a function to the next',
  },
  discoveryBurst: { ...throttle(200), description: 'For each public document' },
  discoveryRate: { ...throttle(100), description: 'For each public document' },
  domain: {
    ...text(
      '',
      /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)?$/,
      'must be a host name in lower case, without https:// and path',
    ),
    description: 'The host name of the deployment, and so the issuer of its access tokens',
  },
  eventBus: {
    ...text('default', /^[A-Za-z0-9._-]{1,256}$/, 'must be the name of an event bus'),
    description: 'The event bus that gets the hygiene report, and the events about tokens',
  },
  failuresPerMinute: {
    ...shown(count(100, [1, 1_000_000])),
    ...OVERRIDE,
    description: 'How often one address may fail to authenticate at one instance of a function',
  },
  hostedZone: {
    ...text('', /^(?:Z[A-Z0-9]{0,31})?$/, 'must be the id of a zone, which begins with Z'),
    description: 'The zone of Route 53 that gets the records of the domain',
  },
  kmsKey: {
    ...packaged(
      '',
      /^(?:arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+)?$/,
      'must be the ARN of a KMS key, not of an alias',
    ),
    description: 'The KMS key that encrypts the tables and the secrets, in place of keys of AWS',
  },
  latencyMilliseconds: {
    ...shown(count(3000, [50, 30_000])),
    ...OVERRIDE,
    description: 'How long 99 of 100 answers may take before the alarm',
  },
  logDays: {
    ...count(90, [1, 3653]),
    schema: v.picklist(LOG_DAYS, `must be one of ${LOG_DAYS.join(', ')}`),
    ...OVERRIDE,
    description: 'How long logs are kept',
  },
  loginBurst: { ...throttle(2500), description: 'For each route of the login endpoint' },
  loginConcurrency: {
    ...shown(count(400, [1, 100_000])),
    ...OVERRIDE,
    description: 'How many logins run at once, if concurrency is reserved',
  },
  loginRate: { ...throttle(1500), description: 'For each route of the login endpoint' },
  loginUrl: {
    ...choice('off', 'on'),
    description: 'Whether the login function has a URL of its own, past the API and its throttles',
  },
  managementBurst: {
    ...throttle(100),
    description: 'For each route of tokens, namespaces, policies and trusts',
  },
  managementRate: {
    ...throttle(25),
    description: 'For each route of tokens, namespaces, policies and trusts',
  },
  multiRegionKey: {
    ...choice('off', 'on'),
    description: 'Whether the derivation key can have a replica in another region; decided once',
  },
  namespaces: {
    ...list('open'),
    description: 'Who may register which namespaces: open, or a list of <account>=<namespace or prefix*>',
  },
  permissionsBoundary: {
    ...packaged('', /^(?:arn:aws[a-z-]*:iam::\d{12}:policy\/[\w+=,.@/-]+)?$/, 'must be the ARN of a policy'),
    description: 'The permissions boundary of every role',
  },
  prober: {
    absent: 'off' as string,
    schema: choice('off', 'on').schema,
    description: 'Whether a function tries every five minutes what must work, and what must be refused',
  },
  proberNamespace: {
    ...packaged(
      'pullpass-probe',
      new RegExp(
        `^(?=.{${NAMESPACE_SCHEMA.minLength},${NAMESPACE_SCHEMA.maxLength}}$)${NAMESPACE_SCHEMA.pattern.slice(1)}`,
      ),
      'must be a namespace',
    ),
    description: 'The namespace that the prober registers, and logs in to',
  },
  registryBurst: { ...throttle(3000), description: 'For the registry proxy' },
  registryRate: { ...throttle(1500), description: 'For the registry proxy' },
  replicaKey: {
    ...packaged(
      '',
      /^(?:mrk-[0-9a-f]{32})?$/,
      'must be the id of a multi-Region key, which begins with mrk-',
    ),
    description: 'The derivation key of another region whose replica is here: what it derived can be shown',
  },
  rolePath: {
    ...packaged('/', /^\/(?:[\w+=,.@-]+\/)*$/, 'must begin and end with a slash'),
    description: 'The path of every role',
  },
  rulesCeiling: {
    ...list([]),
    description: 'What no account may allow itself by its rules, each <rule>=<value>',
  },
  table: {
    ...text('pullpass-<stage>', /^[A-Za-z0-9._-]{3,255}$/, 'must be the name of a table'),
    description: 'The table that is served from; a restored one becomes that of the stack',
  },
  tags: {
    ...list([]),
    schema: v.pipe(
      v.array(
        v.pipe(v.string(), v.regex(TAG, 'must be <key>=<value>, with what AWS allows in tags and no comma')),
      ),
      v.maxLength(MAX_TAGS, `must hold at most ${MAX_TAGS}`),
    ),
    description: 'Tags of everything that is made, each <key>=<value>',
  },
  unusedDays: {
    ...shown(count(90, [1, 3650])),
    description: 'After how many days without use a token that never expires is reported',
  },
  valueRetrieval: { ...choice('on', 'off'), description: 'Whether values of tokens can be shown again' },
  weakManagement: {
    ...choice('', 'accept-replay'),
    description: 'Whether access tokens without audience may manage tokens',
  },
} as const satisfies Readonly<Record<string, Parameter>>;

export type ParameterName = keyof typeof PARAMETERS;

type Values = Readonly<Record<string, Value>>;

/** The parameters of the template, with the values as their defaults, so that the template shows what was deployed. */
export function templateParameters(values: Values): Record<string, object> {
  const rows = Object.entries<Parameter>(PARAMETERS).filter(([, { template }]) => template !== undefined);
  return Object.fromEntries(
    rows.map(([name, { template, absent, description }]) => [
      logicalName(name),
      {
        Type: typeof absent === 'number' ? 'Number' : 'String',
        Default: values[name],
        ...template,
        Description: description,
      },
    ]),
  );
}
