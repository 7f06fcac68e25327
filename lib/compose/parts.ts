/** The world that a function is handed, and the parts that all functions are made of. */

import { type AwsCall, type AwsService, awsClient } from '../aws/client.ts';
import type { Credentials } from '../aws/signature.ts';
import {
  type Config,
  ConfigurationError,
  type Environment,
  readConfig,
  type SettingName,
} from '../config/config.ts';
import type { IamLimits } from '../iam/verifier.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Clock, Log, Metrics, RandomBytes } from '../ports/system.ts';
import type { Table } from '../ports/table.ts';
import { embeddedMetrics, structuredLog } from '../telemetry/log.ts';
import type { RefusalWaits } from '../usecases/refusals.ts';

/** What Lambda gives to its functions, where they are found on another machine, and whose figures they write. */
const COMMON_SETTINGS = [
  'region',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
  'dynamoEndpoint',
  'kmsEndpoint',
  'secretsEndpoint',
  'eventsEndpoint',
  'ecrEndpoint',
  'stsEndpoint',
  'stage',
] as const;

type CommonSetting = (typeof COMMON_SETTINGS)[number];

export interface Parts<N extends SettingName = never>
  extends Pick<
    World,
    'environment' | 'clock' | 'randomBytes' | 'table' | 'ledger' | 'iamLimits' | 'refusalWaits'
  > {
  readonly config: Config<N | CommonSetting>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** A client of that service; absent: the function's own region and credentials. Throws ConfigurationError without any. */
  readonly aws: (service: AwsService, region?: string, credentials?: Credentials) => AwsCall;
}

/** Reads the configuration of a function, once, and makes its parts. Throws ConfigurationError. */
export function openParts<N extends SettingName>(world: World, settings: readonly N[]): Parts<N> {
  const { environment, clock, randomBytes, write, table, ledger, iamLimits, refusalWaits } = world;
  const config: Config<N | CommonSetting> = readConfig([...COMMON_SETTINGS, ...settings], environment);
  const system = { clock, randomBytes };
  const clients = new Map<string, AwsCall>();
  return {
    ...system,
    environment,
    ...(table === undefined ? {} : { table }),
    ...(ledger === undefined ? {} : { ledger }),
    ...(iamLimits === undefined ? {} : { iamLimits }),
    ...(refusalWaits === undefined ? {} : { refusalWaits }),
    config,
    log: structuredLog(world),
    metrics: embeddedMetrics({ stage: config.stage, clock, write }),
    aws: (service, region, credentials) => {
      const access = accessOf(config, service, region);
      if (credentials !== undefined) return awsClient(service, { ...system, ...access, credentials });
      // One for all, so that a connection which was opened for one is there for the others.
      const name = `${service} ${access.region}`;
      const client = clients.get(name) ?? awsClient(service, { ...system, ...access });
      clients.set(name, client);
      return client;
    },
  };
}

const ENDPOINTS = {
  dynamodb: 'dynamoEndpoint',
  kms: 'kmsEndpoint',
  secretsManager: 'secretsEndpoint',
  eventBridge: 'eventsEndpoint',
  ecr: 'ecrEndpoint',
  sts: 'stsEndpoint',
} as const satisfies Record<AwsService, CommonSetting>;

export type AwsAccess = Omit<Parameters<typeof awsClient>[1], 'clock' | 'randomBytes'>;

/** How a function reaches a service of AWS. Throws ConfigurationError when Lambda's variables are missing. */
export function accessOf(config: Config<CommonSetting>, service: AwsService, elsewhere?: string): AwsAccess {
  const { region = elsewhere, accessKeyId, secretAccessKey, sessionToken } = config;
  if (region === undefined) throw new ConfigurationError(['AWS_REGION is missing']);
  if (accessKeyId === undefined) throw new ConfigurationError(['AWS_ACCESS_KEY_ID is missing']);
  if (secretAccessKey === undefined) throw new ConfigurationError(['AWS_SECRET_ACCESS_KEY is missing']);
  return {
    region: elsewhere ?? region,
    endpoint: config[ENDPOINTS[service]],
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  };
}

/** Everything that differs between Lambda, one machine and a test. */
export interface World {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Writes one line of the log or of the figures. */
  readonly write: (line: string) => void;
  /** On one machine, what replaces DynamoDB. */
  readonly table?: Table;
  /** On one machine, the ledger in files, which all functions write by one descriptor. */
  readonly ledger?: Ledger;
  /** How long issuers are waited for, and how much is asked of them; a test waits less. */
  readonly iamLimits?: IamLimits;
  /** How long a refused login waits, for tests that make many; absent: as ever. */
  readonly refusalWaits?: RefusalWaits;
  /** Whether answers can be streamed; absent: they are buffered, as Lambda does. */
  readonly streams?: boolean;
  /** The X-Ray header of the invocation, which Lambda sets anew for each. */
  readonly traceHeader?: () => string | undefined;
  /** Takes what the first request would otherwise wait for; absent: nothing is done before it. A failure is of no consequence. */
  readonly prepare?: (...tasks: (() => Promise<unknown>)[]) => void;
}
