/** A service of a target: which one is meant, its published keys, and credentials for it. */
import * as v from 'valibot';
import {
  CERTIFICATE_BUNDLE,
  CREDENTIAL,
  CREDENTIAL_SECRET,
  KEY_SET,
} from '../../lib/api/public-responses.ts';
import type { Access } from '../../lib/domain/access.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { isSameRegistry, type Service } from '../../lib/domain/service.ts';
import type { Broker } from '../broker.ts';
import { CliError, detailsOf, UsageError } from '../errors.ts';
import { checkedResponse, parseResponse } from '../http.ts';
import type { Target, TargetService } from '../target.ts';
import type { Vendor } from './vendor.ts';

/** A file of certificates is given to the registry as it is, so it may hold nothing but certificates. */
const BUNDLE = v.pipe(
  CERTIFICATE_BUNDLE,
  v.regex(
    /^(?:-----BEGIN CERTIFICATE-----\n(?:[A-Za-z0-9+/=]+\n)+-----END CERTIFICATE-----\n)+$/,
    'must hold PEM certificates and nothing else',
  ),
);

export interface PublicKeys {
  readonly jwks: v.InferOutput<typeof KEY_SET>;
  /** PEM; undefined: the tokens of this service carry no certificate. */
  readonly bundle: string | undefined;
}

/** The keys and certificates that the deployment publishes for the service. Throws CliError when it does not answer. */
export async function publicKeys(broker: Broker, service: string): Promise<PublicKeys> {
  const [jwks, bundle] = await Promise.all([
    broker.ask(KEY_SET, { path: servicePath(service, 'jwks.json') }),
    broker
      .send({ path: servicePath(service, 'rootcertbundle.pem') })
      .then(({ text }) => checkedResponse(BUNDLE, text, broker.url), absent),
  ]);
  return { jwks, bundle };
}

/** What the keys tell of their service. Throws CliError when there are none. */
export function serviceFacts(
  name: string,
  { jwks, bundle }: PublicKeys,
): Pick<Service, 'algorithm' | 'name' | 'profile'> {
  const [key] = jwks.keys;
  if (key === undefined)
    throw new CliError(`The deployment publishes no keys for ${name}.`, { code: 'no-keys' });
  return { name, algorithm: key.alg, profile: bundle === undefined ? 'kid' : 'x5c' };
}

/** The name of a service may hold a colon, and no character that a path must escape. */
export function servicePath(service: string, file: string): `/${string}` {
  return `/v1/services/${service}/${file}`;
}

function absent(error: unknown): undefined {
  if (detailsOf(error).status === 404) return undefined;
  throw error;
}

/** The service of that name or registry, or the only one. Throws CliError with a list of what there is. */
export function serviceOf(
  { name: target, url, services }: Target,
  wanted: string | undefined,
): TargetService {
  const [only, ...others] = services;
  const found =
    wanted === undefined
      ? only
      : (services.find(({ name }) => name === wanted) ??
        services.find(({ registry }) => isSameRegistry(registry, wanted)));
  const names = services.map(({ name }) => name).join(', ');
  if (wanted === undefined && others.length > 0) {
    throw new UsageError(`${target} serves several registries; name one of: ${names}`);
  }
  if (found !== undefined) return found;
  throw new CliError(`${url} serves ${wanted === undefined ? 'no registry' : `no registry ${wanted}`}.`, {
    code: 'unknown-service',
    next: `Update the list with: pullpass target-add ${target} ${url}`,
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

const VENDED = v.object({
  ...CREDENTIAL.entries,
  password: v.pipe(
    CREDENTIAL_SECRET,
    v.transform(text => new Secret(text)),
  ),
});
export type VendedCredential = Readonly<v.InferOutput<typeof VENDED>>;

/** The vendor knows how long the credential is to be valid. */
type VendorRequest = Omit<CredentialRequest, 'expiresInSeconds'>;

/** A credential, and why it is valid for less than was asked for; undefined: it is not. */
export interface Vended extends VendedCredential {
  readonly shortened: string | undefined;
}

/** A credential of exactly this kind. Throws CliError with the deployment's reason when it gives none. */
export async function vend(vendor: Vendor, order: VendorRequest): Promise<Vended> {
  const expiresInSeconds = vendor.life.seconds;
  const { response, shortened } = await vendor.send(vendRequest({ ...order, expiresInSeconds }));
  return { ...parseResponse(VENDED, response.text, vendor.url), shortened };
}

/** A credential to push and pull with, or one to pull with where the caller may not push. */
export async function vendWidest(vendor: Vendor, order: Omit<VendorRequest, 'access'>): Promise<Vended> {
  try {
    return await vend(vendor, { ...order, access: 'push' });
  } catch (error) {
    if (detailsOf(error).code !== 'wider-than-parent') throw error;
    return vend(vendor, { ...order, access: 'pull' });
  }
}

/** The request for a credential; members that are undefined are left out of it. */
export function vendRequest(order: CredentialRequest & { readonly format?: string }) {
  return { method: 'POST', path: '/v1/credentials', json: order } as const;
}
