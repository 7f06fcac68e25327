/** The configuration: the only reader of the environment. Every problem is reported at once, and stops the start. */

import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parseAdministrator } from '../domain/identity.ts';
import { parseRegistrationRule, type RegistrationRules } from '../domain/namespace.ts';
import { Secret } from '../domain/secret.ts';
import { parseStrictJson } from '../domain/strict-json.ts';
import { sentenceOf } from '../schema/sentence.ts';
import { httpUrl, ISSUERS_FILE } from './issuers.ts';
import { keyReference, ledgerReference, secretReference, secretsReference } from './references.ts';
import { registryName, SERVICES_FILE } from './services.ts';

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

/** Those of the command `pullpass`, which the shell that starts a deployment may well have. */
const COMMAND_VARIABLES = ['PULLPASS_HOME', 'PULLPASS_TARGET', 'PULLPASS_APIKEY', 'PULLPASS_OIDC_TOKEN'];

const DEFAULT_SERVICE = 'localhost:5000';

const text = v.pipe(v.string('is missing'), v.minLength(1, 'is empty'));

/** The variables, by the name that the code has for each: what it is called, how it is read, what it is if absent. */
const SETTINGS = {
  url: setting(
    'PULLPASS_URL',
    v.pipe(text, v.check(isBaseUrl, 'must be an http or https URL without path or trailing slash')),
  ),
  table: setting('PULLPASS_TABLE', text, 'pullpass'),
  service: setting('PULLPASS_SERVICE', v.pipe(text, registryName), DEFAULT_SERVICE),
  services: setting('PULLPASS_SERVICES', v.optional(jsonFile(SERVICES_FILE))),
  keys: setting('PULLPASS_KEYS', secretsReference(text)),
  derivationKey: setting('PULLPASS_DERIVATION_KEY', keyReference(text)),
  credentialKey: setting('PULLPASS_CREDENTIAL_KEY', secretReference(text)),
  ledger: setting('PULLPASS_LEDGER', ledgerReference(text)),
  issuers: setting('PULLPASS_ISSUERS', v.optional(jsonFile(ISSUERS_FILE))),
  administrators: setting(
    'PULLPASS_ADMINISTRATORS',
    v.optional(list(parseAdministrator, '<issuer>:<account>:<subject>')),
  ),
  namespaces: setting('PULLPASS_NAMESPACES', registrationRules(), 'open'),
  failuresPerMinute: setting('PULLPASS_FAILURES_PER_MINUTE', wholeNumber(1, 1_000_000), '100'),
  valueRetrieval: setting('PULLPASS_VALUE_RETRIEVAL', word('on', 'off'), 'on'),
  weakManagement: setting('PULLPASS_WEAK_MANAGEMENT', v.optional(word('accept-replay'))),
  auditDays: setting('PULLPASS_AUDIT_DAYS', wholeNumber(1, 3650), '365'),
  unusedDays: setting('PULLPASS_UNUSED_DAYS', wholeNumber(1, 3650), '90'),
  eventBus: setting('PULLPASS_EVENT_BUS', v.optional(text)),
  stage: setting('PULLPASS_STAGE', v.optional(v.pipe(text, v.regex(/^[\w-]{1,64}$/, 'must be one word')))),
  port: setting('PORT', wholeNumber(1, 65_535), '8080'),
  host: setting('PULLPASS_HOST', text, '127.0.0.1'),
  data: setting('PULLPASS_DATA', text, '.pullpass'),
  region: setting('AWS_REGION', text),
  accessKeyId: setting('AWS_ACCESS_KEY_ID', text),
  secretAccessKey: setting('AWS_SECRET_ACCESS_KEY', secret()),
  sessionToken: setting('AWS_SESSION_TOKEN', v.optional(secret())),
  dynamoEndpoint: setting('AWS_ENDPOINT_URL_DYNAMODB', v.optional(httpUrl)),
  kmsEndpoint: setting('AWS_ENDPOINT_URL_KMS', v.optional(httpUrl)),
  secretsEndpoint: setting('AWS_ENDPOINT_URL_SECRETS_MANAGER', v.optional(httpUrl)),
  eventsEndpoint: setting('AWS_ENDPOINT_URL_EVENTBRIDGE', v.optional(httpUrl)),
} as const;

type Settings = typeof SETTINGS;

type Name = keyof Settings;

export type Config<N extends Name> = { readonly [K in N]: v.InferOutput<Settings[K]['schema']> };

type Environment = Readonly<Record<string, string | undefined>>;

/** Every variable with its default, for the table in docs/configuration.md; those that AWS sets itself are left out. */
export const VARIABLES = Object.values(SETTINGS)
  .filter(({ variable }) => !variable.startsWith('AWS_'))
  .map(({ variable, absent }) => ({ variable, absent }));

/**
 * The named settings. Throws ConfigurationError with every problem: a value that does not hold, an empty variable,
 * and any variable with our prefix that means nothing, since a typo in a name must not switch something off.
 */
export function readConfig<N extends Name>(
  names: readonly N[],
  environment: Environment = process.env,
): Config<N> {
  const problems = new Set([...meaningless(environment), ...contradictions(environment)]);
  const entries = names.map(name => {
    const { variable, schema, absent } = SETTINGS[name];
    const result = v.safeParse(schema, environment[variable] ?? absent, { abortPipeEarly: true });
    for (const issue of result.issues ?? []) problems.add(`${variable} ${describe(issue)}`);
    return [name, result.output];
  });
  if (problems.size > 0) throw new ConfigurationError([...problems]);
  return Object.fromEntries(entries) as Config<N>;
}

/** The settings whose variables are set: to check them all at once, also those that are needed only later. */
export function namesOfSet(environment: Environment): Name[] {
  const names = Object.keys(SETTINGS) as Name[];
  return names.filter(name => {
    const { variable } = SETTINGS[name];
    return variable.startsWith(PREFIX) && environment[variable] !== undefined;
  });
}

/** Our variables that are unknown, or empty. */
function meaningless(environment: Environment): string[] {
  const known = new Set<string>(VARIABLES.map(({ variable }) => variable));
  return Object.entries(environment).flatMap(([variable, value]) => {
    if (!variable.startsWith(PREFIX) || COMMAND_VARIABLES.includes(variable)) return [];
    if (!known.has(variable)) return [`${variable} is not a variable that is known`];
    return value === '' ? [`${variable} is empty`] : [];
  });
}

function contradictions({ PULLPASS_SERVICE: one, PULLPASS_SERVICES: file }: Environment): string[] {
  return one !== undefined && file !== undefined
    ? ['PULLPASS_SERVICE and PULLPASS_SERVICES exclude each other']
    : [];
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) => `[${String(key)}]`).join('');
  const message = sentenceOf(issue);
  return path === '' ? message : `${path} ${message}`;
}

interface Setting<S> {
  readonly variable: string;
  readonly schema: S;
  readonly absent: string | undefined;
}

function setting<S extends v.GenericSchema<unknown, unknown>>(
  variable: string,
  schema: S,
  absent?: string,
): Setting<S> {
  return { variable, schema, absent };
}

function word<const T extends readonly string[]>(...words: T) {
  return v.pipe(text, v.picklist(words, `must be ${words.join(' or ')}`));
}

function wholeNumber(min: number, max: number) {
  return v.pipe(
    text,
    v.regex(/^\d{1,9}$/, 'must be a whole number'),
    v.transform(Number),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
}

/** Only what AWS gives its functions is a secret in the environment. */
function secret() {
  return v.pipe(
    text,
    v.transform(value => new Secret(value)),
  );
}

/** The content of a JSON file that is named by its path. */
function jsonFile<S extends v.GenericSchema<unknown, unknown>>(schema: S) {
  return v.pipe(
    text,
    v.rawTransform<string, unknown>(({ dataset, addIssue, NEVER }) => {
      try {
        return parseStrictJson(readFileSync(dataset.value, 'utf8'));
      } catch (error) {
        addIssue({ message: `names a file that cannot be read: ${String(error)}` });
        return NEVER;
      }
    }),
    schema,
  );
}

/** Entries parted by white space or commas. */
function list<T>(parse: (entry: string) => T | undefined, shape: string) {
  return v.pipe(
    text,
    v.rawTransform<string, T[]>(({ dataset, addIssue, NEVER }) => {
      const entries = dataset.value.split(/[\s,]+/).filter(entry => entry !== '');
      const parsed = entries.map(parse);
      const bad = entries.filter((_, i) => parsed[i] === undefined);
      if (bad.length === 0 && entries.length > 0) return parsed.filter(entry => entry !== undefined);
      const message =
        entries.length === 0 ? 'is empty' : `holds ${bad.join(' and ')}, which should read ${shape}`;
      addIssue({ message });
      return NEVER;
    }),
  );
}

function registrationRules(): v.GenericSchema<unknown, RegistrationRules> {
  const rules = list(parseRegistrationRule, '<account>=<namespace or prefix*>');
  return v.lazy(input => (input === 'open' ? v.literal('open') : rules));
}

/** The `iss` of access tokens is compared byte for byte, so it has one spelling. */
function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value;
}
