/** The configuration: settings read from environment variables. All problems are reported at once, and stop the start. */

import {
  type AccountRules,
  CEILING_SHAPE,
  ceilingOf,
  parseCeilingRule,
  WIDEST,
} from '../domain/account-rules.ts';
import { parseAdministrator } from '../domain/identity.ts';
import { parseRegistrationRule, type RegistrationRules } from '../domain/namespace.ts';
import { isNamespace } from '../domain/repository.ts';
import * as v from '../domain/schema.ts';
import { Secret } from '../domain/secret.ts';
import { endpoint, httpUrl, ISSUERS_FILE, NO_ISSUERS } from './issuers.ts';
import { ONE_SERVICE, SERVICES_FILE } from './services.ts';
import { baseUrl, jsonFile, list, parseNetwork, reference, secretLines, text } from './values.ts';

/** What stops a start: a line for each problem, with the variable's name. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map(problem => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const PREFIX = 'PULLPASS_';

/** Those of the command `pullpass`, which the shell that starts a deployment may have set. */
const COMMAND_VARIABLES = ['PULLPASS_HOME', 'PULLPASS_TARGET', 'PULLPASS_APIKEY', 'PULLPASS_OIDC_TOKEN'];

/** The settings by the name that the code has for each: its variable, how that is read, and its default. */
const SETTINGS = {
  url: setting('PULLPASS_URL', v.pipe(text, baseUrl)),
  table: setting('PULLPASS_TABLE', text, 'pullpass'),
  services: eitherOf(
    setting('PULLPASS_SERVICE', v.pipe(text, ONE_SERVICE), 'localhost:5000'),
    setting('PULLPASS_SERVICES', v.pipe(text, jsonFile, SERVICES_FILE)),
  ),
  keys: setting('PULLPASS_KEYS', v.pipe(text, reference('secrets'))),
  derivationKey: setting('PULLPASS_DERIVATION_KEY', v.pipe(text, reference('kms-key'))),
  credentialKey: setting('PULLPASS_CREDENTIAL_KEY', v.pipe(text, reference('secret'))),
  ledger: setting('PULLPASS_LEDGER', v.pipe(text, reference('table'))),
  issuers: setting('PULLPASS_ISSUERS', ifAbsent(v.pipe(text, jsonFile, ISSUERS_FILE), NO_ISSUERS)),
  administrators: setting(
    'PULLPASS_ADMINISTRATORS',
    ifAbsent(list(parseAdministrator, '<issuer>:<account>:<subject>'), []),
  ),
  prober: setting('PULLPASS_PROBER', ifAbsent(list(parseAdministrator, '<issuer>:<account>:<subject>'), [])),
  probeNamespace: setting(
    'PULLPASS_PROBE_NAMESPACE',
    v.pipe(text, v.check(isNamespace, 'must be a namespace')),
    'pullpass-probe',
  ),
  namespaces: setting('PULLPASS_NAMESPACES', registrationRules(), 'open'),
  rulesCeiling: setting('PULLPASS_RULES_CEILING', ifAbsent(rulesCeiling(), WIDEST)),
  failuresPerMinute: setting('PULLPASS_FAILURES_PER_MINUTE', wholeNumber(1, 1_000_000), '100'),
  valueRetrieval: setting('PULLPASS_VALUE_RETRIEVAL', oneOf('on', 'off'), 'on'),
  weakManagement: setting('PULLPASS_WEAK_MANAGEMENT', ifAbsent(oneOf('refuse', 'accept-replay'), 'refuse')),
  auditDays: setting('PULLPASS_AUDIT_DAYS', wholeNumber(1, 3650), '365'),
  unusedDays: setting('PULLPASS_UNUSED_DAYS', wholeNumber(1, 3650), '90'),
  eventBus: setting('PULLPASS_EVENT_BUS', v.optional(text)),
  webhookUrl: setting('PULLPASS_WEBHOOK_URL', v.optional(v.pipe(text, endpoint))),
  webhookSecrets: setting('PULLPASS_WEBHOOK_SECRET_FILE', v.optional(v.pipe(text, secretLines))),
  stage: setting(
    'PULLPASS_STAGE',
    v.optional(v.pipe(text, v.regex(/^[\w-]{1,64}$/, 'may hold letters, digits, - and _, at most 64'))),
  ),
  copyRegion: setting(
    'PULLPASS_COPY_REGION',
    v.optional(v.pipe(text, v.regex(/^[a-z]{2,4}(?:-[a-z]+)+-\d$/, 'must be the name of a region'))),
  ),
  secretTags: setting('PULLPASS_SECRET_TAGS', ifAbsent(tags(), {})),
  secretKey: setting(
    'PULLPASS_SECRET_KEY',
    v.optional(
      v.pipe(
        text,
        v.regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'must be the ARN of a KMS key'),
      ),
    ),
  ),
  port: setting('PORT', wholeNumber(1, 65_535), '8080'),
  host: setting('PULLPASS_HOST', text, '127.0.0.1'),
  data: setting('PULLPASS_DATA', text, '.pullpass'),
  trustedProxies: setting(
    'PULLPASS_TRUSTED_PROXIES',
    ifAbsent(list(parseNetwork, '<address>, or <network>/<bits> with no other bit set, as 10.0.0.0/8'), []),
  ),
  region: setting('AWS_REGION', v.optional(text)),
  accessKeyId: setting('AWS_ACCESS_KEY_ID', v.optional(text)),
  secretAccessKey: setting('AWS_SECRET_ACCESS_KEY', v.optional(secret())),
  sessionToken: setting('AWS_SESSION_TOKEN', v.optional(secret())),
  dynamoEndpoint: setting('AWS_ENDPOINT_URL_DYNAMODB', v.optional(httpUrl)),
  kmsEndpoint: setting('AWS_ENDPOINT_URL_KMS', v.optional(httpUrl)),
  secretsEndpoint: setting('AWS_ENDPOINT_URL_SECRETS_MANAGER', v.optional(httpUrl)),
  eventsEndpoint: setting('AWS_ENDPOINT_URL_EVENTBRIDGE', v.optional(httpUrl)),
  ecrEndpoint: setting('AWS_ENDPOINT_URL_ECR', v.optional(httpUrl)),
  stsEndpoint: setting('AWS_ENDPOINT_URL_STS', v.optional(httpUrl)),
};

type Settings = typeof SETTINGS;

export type SettingName = keyof Settings;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

export type Config<N extends SettingName> = { readonly [K in N]: ValueOf<Settings[K]> };

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = Object.keys(SETTINGS) as SettingName[];

/** Every variable with its setting and default, for docs/configuration.md; those that AWS sets itself are left out. */
export const VARIABLES = NAMES.flatMap(name =>
  SETTINGS[name]
    .filter(({ variable }) => !variable.startsWith('AWS_'))
    .map(({ variable, absent }) => ({ name, variable, absent })),
);

/**
 * The named settings. Throws ConfigurationError with every problem: a value that is not valid, an empty variable, and an
 * unknown variable with our prefix, since a typo in a name must not switch something off.
 */
export function readConfig<N extends SettingName>(names: readonly N[], environment: Environment): Config<N> {
  const problems = new Set([...strayVariables(environment), ...conflicts(environment)]);
  const entries = names.map(name => [name, readSetting(SETTINGS[name], environment, problems)]);
  if (problems.size > 0) throw new ConfigurationError([...problems]);
  return Object.fromEntries(entries) as Config<N>;
}

/** The settings whose variables are set: to check all at the start, also those that are needed only later. */
export function settingsIn(environment: Environment): SettingName[] {
  return VARIABLES.filter(({ variable }) => environment[variable] !== undefined).map(({ name }) => name);
}

function readSetting(setting: Setting<unknown>, environment: Environment, problems: Set<string>): unknown {
  const set = setting.filter(({ variable }) => environment[variable] !== undefined);
  const [{ variable, schema, absent }] = [...set, ...setting] as unknown as [Variable<unknown>];
  const result = v.safeParse(schema, environment[variable] ?? absent);
  if (result.success) return result.output;
  for (const issue of result.issues) problems.add(`${variable} ${problemOf(issue)}`);
  return undefined;
}

/** Settings that are given by more than one variable. */
function conflicts(environment: Environment): string[] {
  return NAMES.flatMap(name => {
    const set = SETTINGS[name]
      .map(({ variable }) => variable)
      .filter(each => environment[each] !== undefined);
    return set.length > 1 ? [`${set.join(' and ')} are both set: remove one`] : [];
  });
}

/** `[0][profile] must be x5c or kid`: where in a JSON file, and what to write there. */
function problemOf({ path, message }: v.Issue): string {
  return `${path.map(key => `[${key}]`).join('')} ${message}`.trimStart();
}

/** Variables with our prefix that are unknown, or empty. */
function strayVariables(environment: Environment): string[] {
  const known = new Set<string>(VARIABLES.map(({ variable }) => variable));
  return Object.entries(environment).flatMap(([variable, value]) => {
    if (!variable.startsWith(PREFIX) || COMMAND_VARIABLES.includes(variable)) return [];
    if (!known.has(variable)) return [`${variable} is not a known variable`];
    return value === '' ? [`${variable} is empty`] : [];
  });
}

/** A variable, the schema of its value, and its default. */
interface Variable<T> {
  readonly variable: string;
  readonly schema: v.Schema<T>;
  readonly absent: string | undefined;
}

/** The variables that a setting can be given by, of which at most one is set; the first has the default. */
type Setting<T> = readonly Variable<T>[];

function setting<T>(variable: string, schema: v.Schema<T>, absent?: string): Setting<T> {
  return [{ variable, schema, absent }];
}

function eitherOf<T>(...settings: readonly Setting<T>[]): Setting<T> {
  return settings.flat();
}

/** For a default that is no text. */
function ifAbsent<T>(schema: v.Schema<T>, value: NoInfer<T>): v.Schema<T> {
  return v.pipe(
    v.optional(schema),
    v.transform(given => given ?? value),
  );
}

function oneOf<const T extends readonly string[]>(...words: T): v.Schema<T[number]> {
  return v.pipe(text, v.picklist(words, `must be ${words.join(' or ')}`));
}

function wholeNumber(min: number, max: number): v.Schema<number> {
  return v.pipe(
    text,
    v.regex(/^\d{1,9}$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
}

/** Only what AWS gives its functions is a secret in the environment. */
function secret(): v.Schema<Secret> {
  return v.pipe(
    text,
    v.transform(value => new Secret(value)),
  );
}

/** Tags of AWS (Secrets Manager API Reference, `Tag`): `key=value`, separated by commas. */
function tags(): v.Schema<Readonly<Record<string, string>>> {
  const TAG = /^(?!aws:)([\p{L}\p{N} _.:/+@-]{1,128})=([\p{L}\p{N} _.:/=+@-]{0,256})$/u;
  return v.pipe(
    text,
    v.transform(value => value.split(',').map(entry => TAG.exec(entry)?.slice(1) ?? [])),
    v.check(
      pairs => pairs.every(pair => pair.length === 2),
      'must be tags of AWS, each as <key>=<value>, separated by commas',
    ),
    v.check(pairs => new Set(pairs.map(([key]) => key)).size === pairs.length, 'must not hold a tag twice'),
    v.transform(pairs => Object.fromEntries(pairs)),
  );
}

function registrationRules(): v.Schema<RegistrationRules> {
  const rules = list(parseRegistrationRule, '<account>=<namespace or prefix*>');
  return v.lazy<RegistrationRules>(input => (input === 'open' ? v.literal('open') : rules));
}

function rulesCeiling(): v.Schema<AccountRules> {
  return v.pipe(
    list(parseCeilingRule, CEILING_SHAPE),
    v.transform(rules => ceilingOf(rules)),
  );
}
