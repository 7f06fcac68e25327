/** The services of this deployment, as the configuration names them. */
import * as v from '../domain/schema.ts';
import { isProxied, LIFETIME_SECONDS, type Service, type Upstream } from '../domain/service.ts';

const SERVICE_NAME = /^[\x21-\x24\x26-\x2e\x30-\x7e]{1,255}$/;

/** A service's name is used in paths and file names: printable ASCII without `%` and `/`. */
const serviceName = v.pipe(
  v.string(),
  v.regex(SERVICE_NAME, 'must be printable ASCII without spaces, % and /'),
);

const REGISTRY = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** Whether clients can log in there: the part before the first slash of an image's name. */
function isRegistry(text: string): boolean {
  return REGISTRY.test(text);
}

/** The only service, named by the registry that its clients log in to. */
export const ONE_SERVICE = v.pipe(
  v.string(),
  v.check(
    isRegistry,
    'must be a host, or a host and a port; PULLPASS_SERVICES can give a service another name',
  ),
  v.transform((name): Service[] => [
    {
      name,
      registry: name,
      profile: 'x5c',
      algorithm: 'ES256',
      lifetimeSeconds: LIFETIME_SECONDS.default,
    },
  ]),
);

const text = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const ORIGIN = /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?$|^https?:\/\/\[[0-9a-f:.]+\](?::\d{1,5})?$/;
const LOOPBACK = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
const PREFIX = /^(?:[a-z0-9](?:(?:[._]|__|-+)?[a-z0-9])*\/)*$/;

const REFERENCE = /^(?:file:.+|arn:[a-z-]+:secretsmanager:.+)$/;

const reference = v.custom(
  (value): value is string => typeof value === 'string' && REFERENCE.test(value),
  'must refer to a file or to the ARN of a secret',
);

const authentication = v.union(
  [
    v.pipe(
      v.picklist(['none', 'ecr']),
      v.transform(kind => ({ kind })),
    ),
    v.pipe(
      v.strictObject({
        kind: v.literal('ecr'),
        region: v.exactOptional(text(32)),
        roleArn: v.exactOptional(
          v.pipe(
            v.string(),
            v.regex(/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, 'must be the ARN of a role'),
          ),
        ),
        externalId: v.exactOptional(text(1224)),
      }),
      v.check(
        ({ roleArn, externalId }) => roleArn !== undefined || externalId === undefined,
        'has an externalId without a roleArn',
      ),
    ),
    v.pipe(
      v.strictObject({
        username: text(255),
        password: reference,
      }),
      v.transform(login => ({ kind: 'password' as const, ...login })),
    ),
  ],
  'must be "none", "ecr", an object with the kind "ecr" (region, roleArn, and externalId beside a roleArn), or one with username and password',
);

const upstream: v.Schema<Upstream> = v.strictObject({
  url: v.pipe(
    v.string(),
    v.regex(ORIGIN, 'must be the origin of a registry, such as https://registry.example'),
    v.check(url => url.startsWith('https:') || LOOPBACK.test(url), 'must be https, or http on this machine'),
  ),
  prefix: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(200, 'has more than 200 characters'),
      v.regex(PREFIX, 'must be empty, or segments of a repository name that end with a slash'),
    ),
    '',
  ),
  authentication: v.optional(authentication, 'none'),
  tokenHost: v.exactOptional(v.pipe(v.string(), v.check(isRegistry, 'must be a host, or a host and a port'))),
});

const service = v.pipe(
  v.strictObject({
    name: serviceName,
    registry: v.optional(v.pipe(v.string(), v.check(isRegistry, 'must be a host, or a host and a port'))),
    profile: v.optional(v.picklist(['x5c', 'kid']), 'x5c'),
    algorithm: v.optional(v.picklist(['ES256', 'RS256']), 'ES256'),
    lifetimeSeconds: v.optional(
      v.pipe(
        v.number('must be a whole number'),
        v.safeInteger('must be a whole number'),
        v.minValue(LIFETIME_SECONDS.min, `must be at least ${LIFETIME_SECONDS.min}`),
        v.maxValue(LIFETIME_SECONDS.max, `must be at most ${LIFETIME_SECONDS.max}`),
      ),
      LIFETIME_SECONDS.default,
    ),
    upstream: v.exactOptional(upstream),
    notifications: v.exactOptional(v.strictObject({ secret: reference })),
  }),
  v.check(
    ({ name, registry }) => isRegistry(registry ?? name),
    'needs a registry, because its name is not a host',
  ),
  v.transform(({ registry, ...rest }) => ({ ...rest, registry: registry ?? rest.name })),
);

/** The services file: `[{name, registry, profile, algorithm, lifetimeSeconds}]`, all but the name optional. */
export const SERVICES_FILE: v.Schema<Service[]> = v.pipe(
  v.array(service),
  v.minLength(1, 'must name at least one service'),
  v.check(services => unique(services.map(({ name }) => name)), 'must not name a service twice'),
  v.check(
    services => unique(services.filter(isProxied).map(({ registry }) => registry.toLowerCase())),
    'must not give two services with an upstream the same registry: the host tells them apart',
  ),
);

function unique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
