/** The services of this deployment, as the configuration names them. */
import * as v from 'valibot';
import { LIFETIME_SECONDS, type Service } from '../domain/service.ts';

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

const service = v.pipe(
  v.strictObject({
    name: serviceName,
    registry: v.optional(v.pipe(v.string(), v.check(isRegistry, 'must be a host, or a host and a port'))),
    profile: v.optional(v.picklist(['x5c', 'kid']), 'x5c'),
    algorithm: v.optional(v.picklist(['ES256', 'RS256']), 'ES256'),
    lifetimeSeconds: v.optional(
      v.pipe(
        v.number('must be a whole number'),
        v.integer('must be a whole number'),
        v.minValue(LIFETIME_SECONDS.min, `must be at least ${LIFETIME_SECONDS.min}`),
        v.maxValue(LIFETIME_SECONDS.max, `must be at most ${LIFETIME_SECONDS.max}`),
      ),
      LIFETIME_SECONDS.default,
    ),
  }),
  v.check(
    ({ name, registry }) => isRegistry(registry ?? name),
    'needs a registry, because its name is not a host',
  ),
  v.transform(({ registry, ...rest }) => ({ ...rest, registry: registry ?? rest.name })),
  v.readonly(),
);

/** The services file: `[{name, registry, profile, algorithm, lifetimeSeconds}]`, all but the name optional. */
export const SERVICES_FILE: v.GenericSchema<unknown, Service[]> = v.pipe(
  v.array(service),
  v.minLength(1, 'must name at least one service'),
  v.check(services => unique(services.map(({ name }) => name)), 'must not name a service twice'),
);

function unique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
