/** The login endpoint and its alias. */
import { answer, formBody, inQuery, type Line, type Operation } from '../operation.ts';

const PARAMETERS = [
  inQuery('service', 'The registry that the access token is for; absent: the only one.', { type: 'string' }),
  {
    ...inQuery(
      'scope',
      'What is asked for, such as `repository:team-a/app:pull,push`; repeated, or parted by spaces, at most 100. What is not allowed is left out of the grant.',
      { type: 'array', items: { type: 'string' } },
    ),
    style: 'form',
    explode: true,
  },
  inQuery('account', 'Decides nothing.', { type: 'string' }),
  inQuery('client_id', 'Decides nothing.', { type: 'string' }),
];

const BY_GET = {
  tag: 'Login',
  summary: 'Log in',
  description:
    'The token protocol of the CNCF distribution registry. A login without the rights that it asks for succeeds with fewer, or none; only a bad secret is refused. Without credentials nobody logs in, and is granted nothing.',
  parameters: PARAMETERS,
  answers: { 200: answer('The access token.', 'Login') },
  failures: ['unknown-service'],
} as const satisfies Operation;

const BY_FORM = {
  tag: 'Login',
  summary: 'Log in, or exchange a token, by a form',
  description:
    'RFC 6749 section 4.3, as registry clients send it; or RFC 8693, which answers a credential as `POST /v1/credentials` does. The credentials stand in the form, and in no header; `service` and `scope` of a login may stand in the query.',
  body: formBody('PasswordLogin', 'TokenExchange'),
  answers: {
    200: answer('The access token, or the credential.', ['OAuthLogin', 'ExchangedCredential']),
  },
  failures: ['unknown-service', 'unsupported-grant-type', 'wider-than-parent'],
} as const satisfies Operation;

const ALIAS = { summary: 'The same at another path' } as const;

export const LOGIN_OPERATIONS = {
  'GET /oauth/token': { id: 'logIn', ...BY_GET },
  'POST /oauth/token': { id: 'logInByForm', ...BY_FORM },
  'GET /auth/token': { id: 'logInAtAlias', ...BY_GET, ...ALIAS },
  'POST /auth/token': { id: 'logInByFormAtAlias', ...BY_FORM, ...ALIAS },
} as const satisfies Partial<Record<Line, Operation>>;
