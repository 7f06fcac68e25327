/**
 * The messages between the kubelet and its plugin (k8s.io/kubelet/pkg/apis/credentialprovider/v1 `types.go`). The
 * kubelet refuses an answer with an unknown member.
 */
import * as v from 'valibot';
import { CREDENTIAL_SECRET } from '../../lib/api/public-responses.ts';
import { isSameRegistry } from '../../lib/domain/service.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { CliError } from '../errors.ts';

const API_VERSION = 'credentialprovider.kubelet.k8s.io/v1';

const REQUEST = v.object({
  apiVersion: v.literal(API_VERSION),
  kind: v.literal('CredentialProviderRequest'),
  image: v.pipe(v.string(), v.minLength(1)),
  /** KEP-4412: of the pod, where the kubelet's configuration names an audience for it. */
  serviceAccountToken: v.optional(v.string()),
});
export type ProviderRequest = Readonly<v.InferOutput<typeof REQUEST>>;

const RESPONSE = v.strictObject({
  apiVersion: v.literal(API_VERSION),
  kind: v.literal('CredentialProviderResponse'),
  // Never Global: the credential would be offered to every registry that the plugin is called for.
  cacheKeyType: v.picklist(['Image', 'Registry']),
  cacheDuration: v.pipe(v.string(), v.regex(/^\d{1,5}s$/)),
  auth: v.record(v.string(), v.strictObject({ username: v.literal('token'), password: CREDENTIAL_SECRET })),
});

/** The request of the kubelet. Throws CliError for another version or kind, or anything else. */
export function readRequest(text: string): ProviderRequest {
  const { success, output } = v.safeParse(REQUEST, jsonIn(text));
  if (success) return output;
  throw new CliError(`The request is not a CredentialProviderRequest of ${API_VERSION}.`, {
    next: `Set "apiVersion: ${API_VERSION}" for this provider in the configuration of the kubelet.`,
  });
}

export interface ResponseBounds {
  /** The only registry that there may be a credential for, as the image spells it. */
  readonly registry: string;
  /** The longest that the kubelet may cache the credential. */
  readonly lifeSeconds: number;
}

/**
 * The deployment's response as it goes to the kubelet, which compares the key with the image byte for byte. Throws
 * CliError when it is for anything but this registry.
 */
export function checkedResponse(text: string, { registry, lifeSeconds }: ResponseBounds): string {
  const { success, output } = v.safeParse(RESPONSE, jsonIn(text));
  const [[key, login] = [], ...others] = success ? Object.entries(output.auth) : [];
  const isOurs =
    success &&
    key !== undefined &&
    others.length === 0 &&
    isSameRegistry(key, registry) &&
    Number.parseInt(output.cacheDuration, 10) <= lifeSeconds;
  if (isOurs) return JSON.stringify({ ...output, auth: { [registry]: login } });
  throw new CliError(`The deployment did not answer with a credential for ${registry}.`);
}

/** No credential for this image: the kubelet asks other plugins, or pulls without one. Never cached. */
export const NOTHING = JSON.stringify({
  apiVersion: API_VERSION,
  kind: 'CredentialProviderResponse',
  cacheKeyType: 'Image',
  cacheDuration: '0s',
  auth: null,
});

function jsonIn(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}
