/** What a deployment says of itself: the registries that it serves, and where its callers log in. */
import * as v from 'valibot';
import { parseChallenges } from '../lib/domain/distribution.ts';
import type { Broker } from './broker.ts';
import { CliError, detailsOf } from './errors.ts';
import { isLoopback, isSafeUrl, LISTED_ISSUER, type PinnedIssuer, SERVICE, type Target } from './target.ts';

export type Discovered = Pick<Target, 'issuer' | 'services'>;

const METADATA = v.object({
  issuer: v.string(),
  pullpass_services: v.array(SERVICE),
  pullpass_issuers: v.array(LISTED_ISSUER),
});

/** Asks a deployment for its metadata (RFC 8414). Throws CliError when its own URL is another one. */
export async function discover(broker: Broker): Promise<Discovered> {
  const metadata = await askMetadata(broker);
  // RFC 8414 section 3.3. Assertions for it and its registries must also name this URL.
  if (metadata.issuer !== broker.url) {
    throw new CliError(`The deployment at ${broker.url} says that its URL is ${metadata.issuer}.`, {
      code: 'other-url',
      next: 'If you trust that URL, use it instead.',
    });
  }
  const issuers = metadata.pullpass_issuers.flatMap(issuer => pinned(issuer));
  for (const { tokenEndpoint } of issuers) requireSafe(tokenEndpoint, broker.url);
  return { services: metadata.pullpass_services, issuer: issuers[0] ?? null };
}

async function askMetadata(broker: Broker): Promise<v.InferOutput<typeof METADATA>> {
  try {
    return await broker.ask(METADATA, { path: '/.well-known/oauth-authorization-server' });
  } catch (error) {
    const { code, status = 0 } = detailsOf(error);
    // What answers, but not as a deployment does, is something else, or behind something else.
    if (code !== 'not-understood' && (status < 400 || status >= 500 || status === 429)) throw error;
    const registry = await registryAt(broker);
    if (registry !== undefined) throw registry;
    if (status === 0) throw error;
    throw new CliError(
      `${broker.url} does not answer as a deployment of Pullpass: its metadata have status ${status}.`,
      {
        status,
        code: 'not-a-deployment',
        next: 'Use the PULLPASS_URL of the deployment.',
        cause: error,
      },
    );
  }
}

/** The error that says that the server is a registry; undefined: it is none. */
async function registryAt(broker: Broker): Promise<CliError | undefined> {
  const answer = await broker.answer({ path: '/v2/' }).catch(() => undefined);
  if (answer === undefined) return undefined;
  const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '') ?? [];
  const bearer = challenges.find(
    ({ scheme, parameters }) => scheme === 'bearer' && parameters.has('service'),
  );
  const isRegistry =
    answer.headers.has('docker-distribution-api-version') || (answer.status === 401 && bearer !== undefined);
  if (!isRegistry) return undefined;
  const realm = bearer?.parameters.get('realm') ?? '';
  const login = isSafeUrl(realm) ? new URL(realm).origin : undefined;
  return new CliError(`${broker.url} is a registry, and not a deployment of Pullpass.`, {
    code: 'not-a-deployment',
    next:
      login === undefined || login === broker.url
        ? 'Use the PULLPASS_URL of the deployment.'
        : `Use the URL of the deployment instead. The registry sends its clients to ${login}.`,
  });
}

/**
 * Throws CliError unless the deployment still names the issuer that the target was added with: an attacker who took over
 * the deployment could otherwise have API keys and refresh tokens sent to a server of their own.
 */
export function requireSameIssuer({ name, url, issuer }: Target, found: Discovered): void {
  if (JSON.stringify(issuer) === JSON.stringify(found.issuer)) return;
  throw new CliError(
    `${url} now names another issuer than when you added the target ${name}. Nothing was sent to that issuer.`,
    {
      code: 'issuer-changed',
      next: `If its operator confirms the change, run: pullpass target-add ${name} ${url}`,
    },
  );
}

type Listed = v.InferOutput<typeof METADATA>['pullpass_issuers'][number];

function pinned({ key, issuer, token_endpoint: tokenEndpoint, client_id: clientId }: Listed): PinnedIssuer[] {
  return tokenEndpoint === null ? [] : [{ key, issuer, tokenEndpoint, clientId }];
}

/** Only a deployment on this machine may send its callers to another port of this machine. */
function requireSafe(endpoint: string, url: string): void {
  if (isSafeUrl(endpoint) && (!isLoopback(endpoint) || isLoopback(url))) return;
  throw new CliError(
    `${url} names a token endpoint that is neither https nor on this machine (${endpoint}); nothing was sent to it.`,
  );
}
