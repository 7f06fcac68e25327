/** Which of a target's registries is meant. */
import * as v from 'valibot';
import type { Access } from '../../lib/domain/access.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Service } from '../../lib/domain/service.ts';
import type { Broker } from '../broker.ts';
import { CliError, UsageError } from '../errors.ts';
import type { Session } from '../session.ts';
import type { Target, TargetService } from '../target.ts';

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

/** The service of that name or registry, or the only one. Throws a Failure that lists what there is. */
export function serviceOf(
  { name: target, url, services }: Target,
  wanted: string | undefined,
): TargetService {
  const [only, ...others] = services;
  const found =
    wanted === undefined
      ? only
      : services.find(({ name, registry }) => name === wanted || registry === wanted);
  const names = services.map(({ name }) => name).join(', ');
  if (wanted === undefined && others.length > 0) {
    throw new UsageError(`${target} serves several registries; name one: ${names}`);
  }
  if (found !== undefined) return found;
  throw new CliError(`${url} serves ${wanted === undefined ? 'no registry' : `no registry ${wanted}`}.`, {
    next: `Read what it serves again with: pullpass target-add ${target} ${url}`,
    problems: names === '' ? [] : [`It serves: ${names}`],
  });
}

/** What is asked for; what is left out, the deployment decides. */
export interface CredentialRequest {
  readonly access?: Access;
  readonly repositories?: readonly string[] | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly service?: string | undefined;
}

const CREDENTIAL = v.object({
  username: v.string(),
  password: v.pipe(
    v.string(),
    v.transform(text => new Secret(text)),
  ),
  registry: v.string(),
  access: v.picklist(['pull', 'push']),
  repositories: v.nullable(v.array(v.string())),
  expiresAt: v.string(),
});

export type VendedCredential = Readonly<v.InferOutput<typeof CREDENTIAL>>;

/** Who asks: a session, or anything that speaks to a deployment as somebody. */
type Caller = Pick<Session, 'ask'>;

/** A credential of exactly this kind. Throws a Failure with the deployment's reason when it gives none. */
export function vend(asker: Caller, order: CredentialRequest): Promise<VendedCredential> {
  return asker.ask(CREDENTIAL, vendRequest(order));
}

/** A credential to push and pull with, or one to pull with where whoever asks may not push. */
export async function vendWidest(
  asker: Caller,
  order: Omit<CredentialRequest, 'access'>,
): Promise<VendedCredential> {
  try {
    return await vend(asker, { ...order, access: 'push' });
  } catch (error) {
    if (!(error instanceof CliError) || error.details.code !== 'wider-than-parent') throw error;
    return vend(asker, { ...order, access: 'pull' });
  }
}

/** The request for a credential; members that are undefined are left out of it. */
export function vendRequest(order: CredentialRequest & { readonly format?: string }) {
  return { method: 'POST', path: '/v1/credentials', json: order } as const;
}
