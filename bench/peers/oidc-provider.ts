/** The peer: panva/oidc-provider, whose client-credentials grant answers an ES256 access token. */
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';
import { serve } from '../servers/serve.ts';
import { PEER_CLIENT } from '../support/requests.ts';

const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'key-1' };
const provider = new Provider('http://127.0.0.1', {
  jwks: { keys: [jwk] },
  clients: [
    {
      client_id: PEER_CLIENT.id,
      client_secret: PEER_CLIENT.secret,
      id_token_signed_response_alg: 'ES256',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_: unknown, resource: string) => ({
        scope: '',
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 300,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});

serve(provider.callback());
