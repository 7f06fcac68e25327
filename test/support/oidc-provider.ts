/** The options of panva/oidc-provider for clients that get signed access tokens by the client-credentials grant. */
import { exportJWK, generateKeyPair, type JWK } from 'jose';

interface TokenClient {
  readonly id: string;
  readonly secret: string;
  /** What its access tokens are signed with. */
  readonly algorithm: string;
}

export interface ProviderOptions {
  readonly keys: readonly JWK[];
  readonly clients: readonly TokenClient[];
  /** The life of an access token. */
  readonly seconds: number;
}

/** A new key to sign with, of that name. */
export async function signingKey(algorithm: string, kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: algorithm, use: 'sig', kid };
}

export function providerOptions({ keys, clients, seconds }: ProviderOptions): Record<string, unknown> {
  const algorithmOf = new Map(clients.map(({ id, algorithm }) => [id, algorithm]));
  const getResourceServerInfo = (_: unknown, resource: string, client: { clientId: string }) => ({
    scope: '',
    audience: resource,
    accessTokenFormat: 'jwt',
    accessTokenTTL: seconds,
    jwt: { sign: { alg: algorithmOf.get(client.clientId) } },
  });
  return {
    jwks: { keys },
    clients: clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      id_token_signed_response_alg: keys[0]?.alg,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo },
    },
  };
}
