/** Completes the environment that the functions read, with what this machine provides in place of AWS. */
import { resolve, sep } from 'node:path';
import { ConfigurationError, type Environment, readConfig, settingsIn } from '../lib/config/config.ts';
import type { Network } from '../lib/domain/networks.ts';
import { asksAws, type Service } from '../lib/domain/service.ts';
import { AUTHORITY_VARIABLES } from '../lib/network/authorities.ts';
import { PROXY_VARIABLES } from '../lib/network/proxies.ts';
import type { DataDirectory } from './data-directory.ts';
import { ADMINISTRATOR } from './development-iam/administrator.ts';

export interface LocalSettings {
  readonly host: string;
  readonly port: number;
  /** Whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly Network[];
  readonly data: string;
  /** The name of the table in a store of the first version. */
  readonly table: string;
  /** The directory of the ledger, which is outside the data: a backup that is restored must not replace it. */
  readonly ledger: string;
  readonly url: string;
  readonly services: readonly Service[];
  /** Whether the development IAM is the only issuer. */
  readonly developmentIam: boolean;
}

const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/;

/** The settings of the local process. Throws ConfigurationError, also for an address that others reach without TLS or IAM. */
export function localSettings(environment: Environment): LocalSettings {
  // All that the operator has set is checked, so that every problem is reported at the first start.
  const { port, data, trustedProxies } = readConfig(
    ['port', 'data', 'trustedProxies', ...settingsIn(environment)],
    environment,
  );
  const given = {
    PULLPASS_URL: `http://localhost:${port}`,
    PULLPASS_LEDGER: `file:${resolve(data)}-ledger`,
    ...environment,
  };
  const { host, url, ledger, services, table } = readConfig(
    ['host', 'url', 'ledger', 'services', 'table'],
    given,
  );
  const directory = ledger.kind === 'file' ? ledger.path : undefined;
  const exposed = !LOOPBACK.test(host);
  const problems = [
    ...(exposed && !url.startsWith('https:')
      ? ['PULLPASS_HOST is not loopback, so PULLPASS_URL must be https']
      : []),
    ...(exposed && environment.PULLPASS_ISSUERS === undefined
      ? ['PULLPASS_HOST is not loopback, so PULLPASS_ISSUERS must name an IAM']
      : []),
    ...(environment.PULLPASS_EVENT_BUS === undefined
      ? []
      : ['PULLPASS_EVENT_BUS is for a deployment on AWS: here the log has the hygiene report']),
    ...(directory === undefined ? ['PULLPASS_LEDGER must be file: on one machine'] : []),
    ...(directory !== undefined && isWithin(directory, data)
      ? ['PULLPASS_LEDGER is in PULLPASS_DATA: a backup that is restored there would replace the ledger too']
      : []),
  ];
  if (problems.length > 0 || directory === undefined) throw new ConfigurationError(problems);
  const deployed =
    environment.NODE_ENV === 'production' || environment.AWS_LAMBDA_FUNCTION_NAME !== undefined;
  return {
    host,
    port,
    trustedProxies,
    data,
    table,
    ledger: directory,
    url,
    services,
    developmentIam: environment.PULLPASS_ISSUERS === undefined && !deployed,
  };
}

function isWithin(path: string, directory: string): boolean {
  return `${resolve(path)}${sep}`.startsWith(`${resolve(directory)}${sep}`);
}

/** What the functions find in the environment on AWS. What the operator has set stays. */
function functionVariables(settings: LocalSettings, directory: DataDirectory): Record<string, string> {
  return {
    PULLPASS_URL: settings.url,
    PULLPASS_KEYS: `file:${directory.keys}`,
    PULLPASS_DERIVATION_KEY: `file:${directory.derivationKey}`,
    PULLPASS_CREDENTIAL_KEY: `file:${directory.credentialKey}`,
    PULLPASS_LEDGER: `file:${settings.ledger}`,
    ...(settings.developmentIam ? developmentIamVariables(directory) : {}),
  };
}

/** How functions reach issuers. */
const NETWORK_VARIABLES = [...PROXY_VARIABLES, ...AUTHORITY_VARIABLES];

/** The environment of the functions: what the operator has set wins over what this machine provides. */
export function functionEnvironment(
  given: Environment,
  settings: LocalSettings,
  directory: DataDirectory,
): Environment {
  // Nothing else here is AWS's, so its variables reach no function without need.
  const wanted = asksAws(settings.services) ? /^(?:PULLPASS|AWS)_/ : /^PULLPASS_/;
  const ours = Object.entries(given).filter(
    ([variable]) => wanted.test(variable) || NETWORK_VARIABLES.includes(variable),
  );
  return { ...functionVariables(settings, directory), ...Object.fromEntries(ours) };
}

function developmentIamVariables({ issuers }: DataDirectory): Record<string, string> {
  const { account, iamId } = ADMINISTRATOR;
  return { PULLPASS_ISSUERS: issuers, PULLPASS_ADMINISTRATORS: `dev:${account}:${iamId}` };
}
