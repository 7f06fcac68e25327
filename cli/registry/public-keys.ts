/** What a deployment publishes of a service: its keys, and the certificates that registries trust. */
import * as v from 'valibot';
import type { Service } from '../../lib/domain/service.ts';
import type { Broker } from '../broker.ts';
import { CliError } from '../failure.ts';

const JWKS = v.object({
  keys: v.array(v.looseObject({ kid: v.string(), alg: v.picklist(['ES256', 'RS256']) })),
});

export interface PublicKeys {
  readonly jwks: v.InferOutput<typeof JWKS>;
  /** PEM; undefined: the tokens of this service carry no certificate. */
  readonly bundle: string | undefined;
}

/** Asks for both. Throws a Failure when they cannot be had. */
export async function publicKeys(broker: Broker, service: string): Promise<PublicKeys> {
  const [jwks, bundle] = await Promise.all([
    broker.ask(JWKS, { path: pathOf(service, 'jwks.json') }),
    broker.send({ path: pathOf(service, 'rootcertbundle.pem') }).then(({ text }) => text, absent),
  ]);
  return { jwks, bundle };
}

/** The facts of a service that its keys show. Throws a Failure when it has none. */
export function serviceFacts(
  name: string,
  { jwks, bundle }: PublicKeys,
): Pick<Service, 'algorithm' | 'name' | 'profile'> {
  const [key] = jwks.keys;
  if (key === undefined) throw new CliError(`No keys are published for ${name}.`, { code: 'no-keys' });
  return { name, algorithm: key.alg, profile: bundle === undefined ? 'kid' : 'x5c' };
}

/** Names of services may hold a colon, which is an ordinary character in a path, and nothing that has to be escaped. */
function pathOf(service: string, file: string): `/${string}` {
  return `/v1/services/${service}/${file}`;
}

function absent(error: unknown): undefined {
  if (error instanceof CliError && error.details.status === 404) return undefined;
  throw error;
}
