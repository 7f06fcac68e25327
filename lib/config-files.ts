/** The two JSON files of the configuration: the services of this deployment, and the issuers that it believes. */
import * as v from 'valibot';
import { isIssuerKey } from './domain/account.ts';
import type { Issuer } from './domain/issuer.ts';
import { LIFETIME_SECONDS, type Service } from './domain/service.ts';

const SERVICE_NAME = /^[\x21-\x24\x26-\x2e\x30-\x7e]{1,255}$/;
/** What the subject of a registry token begins with (`token:<id>`): no issuer may speak in its name. */
const RESERVED_KEYS: ReadonlySet<string> = new Set(['token']);
const NO_AUDIENCE = 'none:';

/** A service's name stands in paths and file names: printable ASCII without `%` and `/`. */
export const serviceName = v.pipe(
  v.string(),
  v.regex(SERVICE_NAME, 'must be printable ASCII without spaces, % and /'),
);

/** An absolute http or https URL. */
export const httpUrl = v.pipe(
  v.string(),
  v.check(text => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be an http or https URL'),
);

const service = v.pipe(
  v.strictObject({
    name: serviceName,
    profile: v.optional(v.picklist(['x5c', 'kid']), 'x5c'),
    algorithm: v.optional(v.picklist(['ES256', 'RS256']), 'ES256'),
    lifetimeSeconds: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(LIFETIME_SECONDS.min), v.maxValue(LIFETIME_SECONDS.max)),
      LIFETIME_SECONDS.default,
    ),
  }),
  v.readonly(),
);

/** The services file: `[{name, profile, algorithm, lifetimeSeconds}]`, all but the name optional. */
export const SERVICES_FILE: v.GenericSchema<unknown, Service[]> = v.pipe(
  v.array(service),
  v.minLength(1, 'must name at least one service'),
  v.check(services => unique(services.map(({ name }) => name)), 'must not name a service twice'),
);

/** The services of a deployment: those of the file, or the one that is named, with the defaults. */
export function servicesOf(config: { service: string; services: Service[] | undefined }): readonly Service[] {
  const { service: name, services } = config;
  return (
    services ?? [{ name, profile: 'x5c', algorithm: 'ES256', lifetimeSeconds: LIFETIME_SECONDS.default }]
  );
}

const claimPath = v.pipe(v.string(), v.regex(/^\w+(?:\.\w+)*$/, 'must be member names parted by dots'));

const issuer = v.pipe(
  v.strictObject({
    key: v.pipe(
      v.string(),
      v.check(key => isIssuerKey(key) && !RESERVED_KEYS.has(key), 'must be a free issuer key'),
    ),
    issuer: httpUrl,
    keysUrl: httpUrl,
    tokenUrl: v.optional(v.nullable(httpUrl), null),
    audience: v.optional(
      v.pipe(v.string(), v.minLength(1, 'is missing; write none:<issuer> if its tokens have no audience')),
      '',
    ),
    claims: v.optional(
      v.strictObject({ subject: claimPath, account: claimPath, valid: v.exactOptional(claimPath) }),
      {
        subject: 'iam_id',
        account: 'account.bss',
      },
    ),
  }),
  v.check(
    ({ audience, issuer: name }) => !audience.startsWith(NO_AUDIENCE) || audience === NO_AUDIENCE + name,
    'audience must be none:<issuer>, with the issuer of this entry',
  ),
  v.transform(({ audience, ...rest }) => ({
    ...rest,
    audience: audience.startsWith(NO_AUDIENCE) ? null : audience,
  })),
);

/** The issuers file: `[{key, issuer, keysUrl, tokenUrl, audience, claims}]`. */
export const ISSUERS_FILE: v.GenericSchema<unknown, Issuer[]> = v.pipe(
  v.array(issuer),
  v.minLength(1, 'must name at least one issuer'),
  v.check(issuers => unique(issuers.map(({ key }) => key)), 'must not use an issuer key twice'),
  v.check(issuers => unique(issuers.map(entry => entry.issuer)), 'must not name an issuer twice'),
  v.check(
    issuers => issuers.filter(({ tokenUrl }) => tokenUrl !== null).length <= 1,
    'may hold one tokenUrl: an API key does not say whose it is',
  ),
);

function unique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
