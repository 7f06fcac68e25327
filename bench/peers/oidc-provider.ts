/** The peer: panva/oidc-provider, whose client-credentials grant answers an ES256 access token. */
import Provider from 'oidc-provider';
import { providerOptions, signingKey } from '../../test/support/oidc-provider.ts';
import { serve } from '../servers/serve.ts';
import { PEER_CLIENT } from '../support/requests.ts';

const options = providerOptions({
  keys: [await signingKey('ES256', 'key-1')],
  clients: [{ ...PEER_CLIENT, algorithm: 'ES256' }],
  seconds: 300,
});

serve(new Provider('http://127.0.0.1', options).callback());
