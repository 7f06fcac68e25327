/** AWS assertions: presigned requests for GetCallerIdentity, parsed by one strict grammar, for the hosts of AWS STS alone. */

import { hash } from 'node:crypto';
import { awsPartition, awsSuffix, STS_REGIONS } from '../domain/aws-partitions.ts';
import { unauthenticated } from '../domain/errors.ts';
import { toRfc3339, toSeconds } from '../domain/time.ts';

/** A signed header with our URL: without it, any other service that got the proof could replay it here. */
export const SERVER_ID_HEADER = 'x-pullpass-server-id';

/** From the signature on. STS itself accepts one for 15 minutes, even if it names a shorter time. */
const MAX_AGE_SECONDS = 300;

/** How far the signer's clock may be ahead. */
const CLOCK_TOLERANCE_SECONDS = 30;

const MAX_EXPIRES_SECONDS = 900;

/** More than fits in base64 into a header that we accept; session tokens are far shorter. */
const MAX_LENGTH = 8192;

/** No user, port or fragment, and no path but `/`. Hosts are checked afterwards. */
const SHAPE = /^https:\/\/([a-z0-9.-]+)\/\?([A-Za-z0-9._~%&=-]+)$/;

/**
 * The parameters of a proof and the values that they may have, sorted as Signature Version 4 asks. Names are compared as
 * they are written, so that none comes twice in another case or encoding (CVE-2022-2385).
 */
const PARAMETERS: ReadonlyMap<string, RegExp> = new Map([
  ['Action', /^GetCallerIdentity$/],
  ['Version', /^2011-06-15$/],
  ['X-Amz-Algorithm', /^AWS4-HMAC-SHA256$/],
  ['X-Amz-Credential', /^[A-Z0-9]{16,128}\/\d{8}\/[a-z0-9-]+\/sts\/aws4_request$/],
  ['X-Amz-Date', /^\d{8}T\d{6}Z$/],
  ['X-Amz-Expires', /^[1-9]\d{0,2}$/],
  ['X-Amz-Security-Token', /^[A-Za-z0-9+/=_-]+$/],
  ['X-Amz-Signature', /^[0-9a-f]{64}$/],
  ['X-Amz-SignedHeaders', new RegExp(`^host;${SERVER_ID_HEADER}$`)],
]);

/** Temporary credentials have one, others do not. */
const OPTIONAL: ReadonlySet<string> = new Set(['X-Amz-Security-Token']);

export interface AwsAssertion {
  readonly host: StsHost;
  /** The query of the request, in its one canonical form. */
  readonly query: string;
  /** Seconds since 1970. */
  readonly endsAt: number;
  /** A hash of the request: the same, however the assertion was written. */
  readonly nonce: string;
}

/** Reads a proof. Throws `unauthenticated` unless it was signed for a host of STS within the last five minutes. */
export function parseAwsAssertion(text: string, nowMs: number): AwsAssertion {
  const [, name = '', parameters = ''] = (text.length <= MAX_LENGTH && SHAPE.exec(text)) || [];
  const host = stsHost(name);
  if (host === undefined) throw unauthenticated('not a presigned URL of a host of AWS STS');
  const values = readParameters(parameters);
  const endsAt = checkTimes(values, toSeconds(nowMs));
  const [, day, region] = value(values, 'X-Amz-Credential').split('/');
  if (region !== host.region) throw unauthenticated('the region of the AWS proof is not that of its host');
  if (day !== value(values, 'X-Amz-Date').slice(0, 8)) throw unauthenticated('the AWS proof has two dates');
  const query = canonicalQuery(values);
  return { host, query, endsAt, nonce: hash('sha256', `${host.name}/?${query}`, 'base64url') };
}

function readParameters(query: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const pair of query.split('&')) {
    const [name = '', encoded = '', ...more] = pair.split('=');
    const rule = PARAMETERS.get(name);
    if (rule === undefined || more.length > 0)
      throw unauthenticated('the AWS proof has an unknown parameter');
    if (values.has(name)) throw unauthenticated('the AWS proof has a parameter twice');
    const decoded = decode(encoded);
    if (!rule.test(decoded)) throw unauthenticated(`the AWS proof has a ${name} that is not allowed`);
    values.set(name, decoded);
  }
  for (const name of PARAMETERS.keys()) {
    if (!values.has(name) && !OPTIONAL.has(name)) throw unauthenticated(`the AWS proof lacks ${name}`);
  }
  return values;
}

/** Accepts only the one encoding that Signature Version 4 has for a value. */
function decode(encoded: string): string {
  try {
    const decoded = decodeURIComponent(encoded);
    if (encodeURIComponent(decoded) === encoded) return decoded;
  } catch {
    // Not UTF-8 in percent-encoding: refused below.
  }
  throw unauthenticated('the AWS proof has a value that is not in canonical encoding');
}

/** When the proof ends, in seconds since 1970. */
function checkTimes(values: ReadonlyMap<string, string>, now: number): number {
  const signedAt = toInstant(value(values, 'X-Amz-Date'));
  const lifeSeconds = Number(value(values, 'X-Amz-Expires'));
  if (lifeSeconds > MAX_EXPIRES_SECONDS) throw unauthenticated('the AWS proof is valid for too long');
  if (signedAt > now + CLOCK_TOLERANCE_SECONDS)
    throw unauthenticated('the AWS proof is signed in the future');
  const endsAt = signedAt + Math.min(lifeSeconds, MAX_AGE_SECONDS);
  if (endsAt <= now) throw unauthenticated('the AWS proof is too old', 'expired');
  return endsAt;
}

/** Reads `20261121T070000Z` as seconds since 1970. */
function toInstant(date: string): number {
  const time = date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
  const seconds = Date.parse(time) / 1000;
  if (Number.isNaN(seconds) || toRfc3339(seconds) !== time)
    throw unauthenticated('the date of the AWS proof is not valid');
  return seconds;
}

function canonicalQuery(values: ReadonlyMap<string, string>): string {
  return [...PARAMETERS.keys()]
    .filter(name => values.has(name))
    .map(name => `${name}=${encodeURIComponent(value(values, name))}`)
    .join('&');
}

function value(values: ReadonlyMap<string, string>, name: string): string {
  return values.get(name) ?? '';
}

/** The hosts of AWS STS that a proof may be signed for. No other host is ever asked. */
export interface StsHost {
  readonly name: string;
  /** It speaks for the accounts of this partition. */
  readonly partition: string;
  /** The region that requests to it are signed for. */
  readonly region: string;
}

const GLOBAL: StsHost = { name: 'sts.amazonaws.com', partition: 'aws', region: 'us-east-1' };

/**
 * FIPS (`sts-fips.`) and dual-stack (`.api.aws`) names are left out: a signer can use the plain name of the region, and each
 * further name is one more that we may call. The plain names of aws-us-gov are FIPS endpoints.
 */
const REGIONAL: readonly StsHost[] = STS_REGIONS.map(region => ({
  name: `sts.${region}.${awsSuffix(region)}`,
  partition: awsPartition(region),
  region,
}));

const BY_NAME = new Map([GLOBAL, ...REGIONAL].map(host => [host.name, host]));

const BY_REGION = new Map(REGIONAL.map(host => [host.region, host]));

/** The host of that name, in lower case and without port; undefined: not a host of STS. */
export function stsHost(name: string): StsHost | undefined {
  return BY_NAME.get(name);
}

/** The host of a region; undefined: the region is not known. */
export function stsHostOf(region: string): StsHost | undefined {
  return BY_REGION.get(region);
}
