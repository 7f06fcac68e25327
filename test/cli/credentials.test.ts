/** Which secret of an IAM login is shown to the deployment, and as which client we ask the issuer. */
import { describe, expect, it } from 'vitest';
import { clientOf } from '../../cli/iam.ts';
import { credentialsOf } from '../../cli/login.ts';
import { Network } from '../../cli/network.ts';
import { Secret } from '../../lib/domain/secret.ts';

function accessToken(claims: object): Secret {
  return new Secret(`eyJhbGciOiJFUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`);
}

async function shown(token: Secret, refreshToken: string | null) {
  const refresh = refreshToken === null ? null : new Secret(refreshToken);
  const login = { kind: 'iam', accessToken: token, expiresAt: 0, refreshToken: refresh } as const;
  const { userName, password } = await credentialsOf(login, 'https://pullpass.example', {
    nowMs: 0,
    network: new Network({}),
  });
  return [userName, password.reveal()];
}

const BOUND = accessToken({ aud: 'https://pullpass.example' });
const FOR_NOBODY = accessToken({ iam_id: 'IBMid-1' });

describe('an IAM login shows', () => {
  it('its access token where that names an audience: the refresh token stays here', async () => {
    expect(await shown(BOUND, 'refresh')).toEqual(['iambearer', BOUND.reveal()]);
  });
  it('its refresh token where any service could replay the access token', async () => {
    expect(await shown(FOR_NOBODY, 'refresh')).toEqual(['iamrefresh', 'refresh']);
  });
  it.each([
    ['without a refresh token', FOR_NOBODY, null],
    ['that is no JWT', new Secret('opaque'), 'refresh'],
    ['whose claims are no object', new Secret('a.bnVsbDE.c'), 'refresh'],
  ])('an access token %s', async (_, token, refresh) => {
    expect(await shown(token, refresh)).toEqual(['iambearer', token.reveal()]);
  });
});

describe('the client that an issuer sees', () => {
  const ibm = 'https://iam.cloud.ibm.com/identity/token';
  it.each([
    ['nothing where there is no client', ibm, null, {}],
    ['the name of a public client', 'https://iam.example/token', 'bx', { form: { client_id: 'bx' } }],
    [
      'what IBM wants to hear of its command line',
      ibm,
      'bx',
      { headers: { authorization: 'Basic Yng6Yng=' } },
    ],
    ['no secret of another client', ibm, 'other', { form: { client_id: 'other' } }],
  ])('%s', (_, tokenEndpoint, clientId, expected) => {
    expect(clientOf({ tokenEndpoint, clientId })).toEqual(expected);
  });
});
