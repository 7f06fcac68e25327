/** The public documents: keys, certificates, metadata, and the OpenAPI document as a deployment serves it. */

import { PullpassError } from '../domain/errors.ts';
import type { Issuer, WorkloadIssuer } from '../domain/identity.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import { TOKEN_EXCHANGE } from '../http/credentials.ts';
import { type Tagged, tagged, unlessKnown } from '../http/entity-tag.ts';
import type { HandlerOf, Request, Response } from '../http/request.ts';
import type { KeyPublication, WhichKey } from '../ports/keys.ts';
import type { Clock } from '../ports/system.ts';
import type { Metadata } from './public-responses.ts';
import { serviceIn } from './services.ts';

export interface DiscoveryPorts {
  readonly keys: KeyPublication;
  readonly clock: Clock;
  readonly services: readonly Service[];
  /** `PULLPASS_URL`. */
  readonly issuer: string;
  /** The IAMs whose identities are accepted. */
  readonly iam: readonly Issuer[];
}

/** New keys are published an hour before they sign, so this may be cached for a few minutes. */
const CACHEABLE = { 'cache-control': 'public, max-age=300' };

const KEY_SET = 'application/jwk-set+json';

export function discoveryHandlers(ports: DiscoveryPorts) {
  const { keys, clock, services } = ports;
  const metadataDocument = written(metadata(ports), 'application/json');
  const jwks = async (request: Request, names: readonly string[]): Promise<Response> => {
    const sets = await Promise.all(names.map(name => keys.jwks(name, toSeconds(clock()))));
    return unlessKnown(request, written({ keys: sets.flatMap(set => set.keys) }, KEY_SET));
  };
  // Which key signs changes at any moment, so this is not cached.
  const signingKey = async (request: Request, which: WhichKey): Promise<Response> => ({
    status: 200,
    text: JSON.stringify(await keys.signingKey(serviceIn(request, services).name, which, toSeconds(clock()))),
    headers: { 'content-type': KEY_SET },
  });
  return {
    getServiceKeys: async request => jwks(request, [serviceIn(request, services).name]),
    getSigningKey: async request => signingKey(request, 'current'),
    getNextSigningKey: async request => signingKey(request, 'next'),
    getKeys: async request =>
      jwks(
        request,
        services.map(({ name }) => name),
      ),
    async getServiceBundle(request) {
      const bundle = await keys.rootCertBundle(serviceIn(request, services).name, toSeconds(clock()));
      if (bundle === undefined) {
        throw new PullpassError('not-found', {
          detail: 'This service has no certificates; use its jwks.json.',
        });
      }
      return unlessKnown(request, tagged(bundle, { ...CACHEABLE, 'content-type': 'application/x-pem-file' }));
    },
    getMetadata: async request => unlessKnown(request, metadataDocument),
  } satisfies Record<string, HandlerOf['public']>;
}

/**
 * RFC 8414 section 2: what a client needs, and what is not offered said as an empty list. Command-line clients learn
 * from `pullpass_issuers` where to log in, and as which client; from `pullpass_services` which registries there are.
 */
function metadata({ issuer, iam, services }: DiscoveryPorts): Metadata {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: [],
    revocation_endpoint: `${issuer}/oauth/revoke`,
    grant_types_supported: ['password', TOKEN_EXCHANGE],
    token_endpoint_auth_methods_supported: ['none'],
    pullpass_services: services.map(({ name, registry }) => ({ name, registry })),
    pullpass_issuers: iam.map(({ key, issuer: name, tokenUrl, client }) => ({
      key,
      issuer: name,
      token_endpoint: tokenUrl,
      client_id: client?.id ?? null,
    })),
  };
}

function written(json: unknown, contentType: string): Tagged {
  return tagged(JSON.stringify(json), { ...CACHEABLE, 'content-type': contentType });
}

export interface OpenApiOptions {
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly services: readonly Service[];
  readonly platforms: readonly Pick<WorkloadIssuer, 'key'>[];
}

/** What the committed document says where a deployment has something of its own. */
const EXAMPLE = { url: 'https://pullpass.example', service: 'registry.example' } as const;

export function openApiHandlers(options: OpenApiOptions) {
  let document: Promise<Tagged> | undefined;
  return {
    async getOpenApi(request) {
      document ??= openApiText(options).then(text =>
        tagged(text, { ...CACHEABLE, 'content-type': 'application/json' }),
      );
      return unlessKnown(request, await document);
    },
  } satisfies Record<string, HandlerOf['public']>;
}

/** Read when it is asked for, because a cold start for a registry's keys need not parse it; written once. */
async function openApiText({ publicUrl, services, platforms }: OpenApiOptions): Promise<string> {
  const { default: document } = await import('./openapi.json', { with: { type: 'json' } });
  const names = services.map(({ name }) => name);
  const values = {
    services: names,
    registries: [...new Set([...names, ...services.map(({ registry }) => registry)])],
    platforms: platforms.map(({ key }) => key),
  };
  const [service = EXAMPLE.service] = names;
  const own = { ...document, servers: [{ url: publicUrl }] };
  const text = JSON.stringify(own, (_, value: unknown) => {
    if (value === EXAMPLE.service) return service;
    if (typeof value === 'string') return value.replaceAll(EXAMPLE.url, publicUrl);
    return isListed(value) ? withValues(value, values[value['x-one-of']]) : value;
  });
  return inAscii(text);
}

/** JSON without a character of more than a byte: such a text is copied at each answer, and any other encoded. */
function inAscii(json: string): string {
  const escaped = json.replace(
    /[^\0-\x7f]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return Buffer.from(escaped, 'latin1').toString('latin1');
}

interface Listed {
  readonly 'x-one-of': 'platforms' | 'registries' | 'services';
}

function isListed(value: unknown): value is Listed {
  return typeof value === 'object' && value !== null && 'x-one-of' in value;
}

/** What only a deployment can list. */
function withValues({ 'x-one-of': _, ...schema }: Listed, values: readonly string[]): object {
  return values.length === 0 ? schema : { ...schema, enum: values };
}
