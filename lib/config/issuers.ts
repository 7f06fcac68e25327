/** The issuers file of the configuration: who may vouch for callers. */

import { readFileSync } from 'node:fs';
import { GROUP_KEY } from '../domain/groups.ts';
import { isIssuerKey } from '../domain/identifiers.ts';
import type { Issuer, Issuers, SecretArn } from '../domain/identity.ts';
import { CLAIM_NAME, PLATFORM_NAMES } from '../domain/platforms.ts';
import * as v from '../domain/schema.ts';
import { Secret } from '../domain/secret.ts';
import { DAY_SECONDS, MINUTE_SECONDS } from '../domain/time.ts';
import { SECRET_ARN } from './values.ts';

/** `token:<id>` is a registry token, `group:…` a group, and `aws` is AWS: no other issuer may speak in these names. */
const RESERVED_KEYS: ReadonlySet<string> = new Set(['token', 'aws', GROUP_KEY]);

/** Without an issuers file no IAM caller is known. */
export const NO_ISSUERS: Issuers = { iam: [], aws: null, workloads: [] };

const NO_AUDIENCE = 'none:';

const MAX_AUDIENCES = 16;

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

const key = v.pipe(
  v.string(),
  v.check(
    name => isIssuerKey(name) && !RESERVED_KEYS.has(name),
    'must be lower-case letters, digits and hyphens, and not token, group or aws',
  ),
);

export const httpUrl = v.pipe(
  v.string(),
  v.check(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be an http or https URL'),
);

/** Where secrets and keys travel. */
export const endpoint = v.pipe(
  v.string(),
  v.check(isEndpoint, 'must be an https URL, or an http URL of this machine'),
);

const claimPath = v.pipe(v.string(), v.regex(/^\w+(?:\.\w+)*$/, 'must be field names separated by dots'));

/** Cognito has `cognito:groups`. */
const groupsPath = v.pipe(
  v.string(),
  v.regex(/^[\w:]+(?:\.[\w:]+)*$/, 'must be field names separated by dots'),
);

/** A file that is read at the start, or the ARN of a secret that is read when it is needed. */
const clientSecret: v.Step<string, Secret | SecretArn> = (given, place) => {
  const { region } = SECRET_ARN.exec(given)?.groups ?? {};
  if (region !== undefined) return { arn: given, region };
  try {
    if (!/^file:\//.test(given))
      return place.refuse('must be file: and an absolute path, or the ARN of a secret');
    return new Secret(readFileSync(given.slice('file:'.length), 'utf8').trimEnd());
  } catch {
    return place.refuse('names a client secret that cannot be read');
  }
};

const client = v.strictObject({
  id: v.pipe(v.string(), v.minLength(1, 'is empty')),
  secret: v.pipe(v.string(), clientSecret),
});

const MAX_DAYS = 31;

/** What the tokens of an issuer may be like. */
const tokens = {
  maxLifetimeSeconds: v.exactOptional(
    v.pipe(
      v.number('must be a number of seconds'),
      v.safeInteger('must be a whole number of seconds'),
      v.minValue(MINUTE_SECONDS, `must be at least ${MINUTE_SECONDS}`),
      v.maxValue(MAX_DAYS * DAY_SECONDS, `must be at most ${MAX_DAYS * DAY_SECONDS} (${MAX_DAYS} days)`),
    ),
  ),
  otherAudiences: v.exactOptional(
    v.pipe(
      v.array(v.pipe(v.string(), v.minLength(1, 'is empty'))),
      v.minLength(1, 'is empty: leave it out'),
      v.maxLength(MAX_AUDIENCES, `must hold at most ${MAX_AUDIENCES}`),
    ),
  ),
};

const iam = v.pipe(
  v.strictObject({
    key,
    kind: v.optional(v.literal('iam', 'must be iam, aws or workload'), 'iam'),
    issuer: httpUrl,
    keysUrl: endpoint,
    tokenUrl: v.optional(v.nullable(endpoint), null),
    client: v.optional(v.nullable(client), null),
    audience: v.optional(
      v.pipe(v.string(), v.minLength(1, 'is missing; write none:<issuer> if its tokens have no audience')),
      '',
    ),
    ...tokens,
    claims: v.optional(
      v.strictObject({
        subject: claimPath,
        account: claimPath,
        valid: v.exactOptional(claimPath),
        groups: v.exactOptional(groupsPath),
      }),
      { subject: 'iam_id', account: 'account.bss' },
    ),
  }),
  v.check(
    ({ audience, otherAudiences }) => !(audience.startsWith(NO_AUDIENCE) && otherAudiences !== undefined),
    'otherAudiences are for an issuer with an audience',
  ),
  v.check(
    ({ audience, otherAudiences = [] }) => !otherAudiences.includes(audience),
    'otherAudiences must not hold the audience itself',
  ),
  v.check(
    ({ audience, issuer }) => !audience.startsWith(NO_AUDIENCE) || audience === NO_AUDIENCE + issuer,
    'audience must be none:<issuer>, with the issuer of this entry',
  ),
  v.transform(({ audience, ...rest }) => ({
    ...rest,
    audience: audience.startsWith(NO_AUDIENCE) ? null : audience,
  })),
);

/**
 * IBM Cloud IAM, by its public documentation. Its access tokens have no audience; its command line is the client
 * `bx`, whose secret is no secret.
 */
const IBM: Omit<Issuer, 'key'> = {
  issuer: 'https://iam.cloud.ibm.com/identity',
  keysUrl: 'https://iam.cloud.ibm.com/identity/keys',
  tokenUrl: 'https://iam.cloud.ibm.com/identity/token',
  client: { id: 'bx', secret: new Secret('bx') },
  audience: null,
  claims: { subject: 'iam_id', account: 'account.bss', valid: 'account.valid' },
};

const preset = v.pipe(
  v.strictObject({ key, preset: v.literal('ibm') }),
  v.transform(({ key: name }) => ({ key: name, kind: 'iam' as const, ...IBM })),
);

const aws = v.strictObject({
  key: v.literal('aws'),
  kind: v.literal('aws'),
  endpoint: v.optional(v.nullable(endpoint), null),
});

const MAX_REQUIRED = 8;

const claimNames = v.pipe(
  v.array(v.pipe(v.string(), v.regex(CLAIM_NAME, 'must be the name of a claim'))),
  v.minLength(1, 'is empty: leave it out'),
  v.maxLength(MAX_REQUIRED, `must hold at most ${MAX_REQUIRED}`),
);

/** What trusts of the issuer must name. A list for push is one of which a trust names one. */
const requiredClaims = v.strictObject({
  always: claimNames,
  forPush: v.optional(v.pipe(v.array(claimNames), v.maxLength(MAX_REQUIRED)), []),
});

const workload = v.pipe(
  v.strictObject({
    key,
    kind: v.literal('workload'),
    platform: v.picklist(PLATFORM_NAMES, `must be one of ${PLATFORM_NAMES.join(', ')}`),
    issuer: httpUrl,
    keysUrl: endpoint,
    requiredClaims: v.exactOptional(requiredClaims),
    ...tokens,
  }),
  v.check(
    entry => entry.platform !== 'generic' || entry.requiredClaims !== undefined,
    'must have requiredClaims, because its platform is generic: claims that no one else can get',
  ),
  v.check(
    ({ requiredClaims: { always = [] } = {} }) => !always.some(name => NO_LIMIT.has(name)),
    'requiredClaims must not hold iss, aud, exp, iat, nbf or jti: they say nothing of the workload',
  ),
);

/** Every token of the issuer has them. */
const NO_LIMIT: ReadonlySet<string> = new Set(['iss', 'aud', 'exp', 'iat', 'nbf', 'jti']);

type Entry =
  | v.InferOutput<typeof iam>
  | v.InferOutput<typeof preset>
  | v.InferOutput<typeof aws>
  | v.InferOutput<typeof workload>;

/** The schema that an entry says it follows, so that a problem is told of that one and not of all. */
const entry: v.Schema<Entry> = v.lazy<Entry>(input => {
  const { kind, preset: name } = Object(input) as { kind?: unknown; preset?: unknown };
  if (name !== undefined) return preset;
  if (kind === 'aws') return aws;
  return kind === 'workload' ? workload : iam;
});

/** The issuers file: a list of IAMs, presets, AWS and build platforms. */
export const ISSUERS_FILE: v.Schema<Issuers> = v.pipe(
  v.array(entry),
  v.minLength(1, 'must name at least one issuer'),
  v.check(entries => unique(entries.map(({ key: name }) => name)), 'must not use an issuer key twice'),
  v.check(
    entries => unique(entries.flatMap(one => (one.kind === 'aws' ? [] : [one.issuer]))),
    'must not name an issuer twice',
  ),
  v.check(
    entries => entries.filter(one => one.kind === 'iam' && one.tokenUrl !== null).length <= 1,
    'may hold one tokenUrl: an API key does not say whose it is',
  ),
  v.transform(entries => ({
    iam: entries.filter(one => one.kind === 'iam').map(({ kind, ...rest }) => rest),
    aws: entries.filter(one => one.kind === 'aws').map(({ kind, ...rest }) => rest)[0] ?? null,
    workloads: entries.filter(one => one.kind === 'workload').map(({ kind, ...rest }) => rest),
  })),
);

function isEndpoint(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
}

function unique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
