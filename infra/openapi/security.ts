/** Who may call a route, as security schemes and in words. */
import type { Authentication, Route } from '../../lib/http/request.ts';

const BASIC = { basic: [] };
const IAM_TOKEN = { iamToken: [] };
const REGISTRY_TOKEN = { registryToken: [] };

interface Access {
  readonly security: readonly object[];
  /** In words; undefined: every caller. */
  readonly callers?: string;
}

const IAM = '`iambearer`, `iamapikey`, `iamrefresh` or `awsiam`';
const ACCESS: Record<Authentication, Access> = {
  administrator: {
    security: [BASIC, IAM_TOKEN],
    callers: `For administrators of the account, as ${IAM}.`,
  },
  'strong-administrator': {
    security: [BASIC, IAM_TOKEN],
    callers: `For administrators of the account, as ${IAM}. An access token without an audience is refused, because another service could replay it.`,
  },
  identity: { security: [BASIC, IAM_TOKEN], callers: `For every IAM identity, as ${IAM}.` },
  vend: {
    security: [BASIC, IAM_TOKEN, REGISTRY_TOKEN],
    callers: 'For registry tokens, IAM identities and workloads. A credential cannot vend another.',
  },
  holder: {
    security: [BASIC, REGISTRY_TOKEN],
    callers:
      'For who holds a registry token, or a credential of one: Basic with the user name `token`, or Bearer.',
  },
  login: { security: [{}, BASIC], callers: 'For every kind of secret.' },
  public: { security: [] },
  pull: { security: [], callers: 'For access tokens.' },
  notifications: {
    security: [BASIC],
    callers: 'For registries, with the secret of notifications of their service; the user name is ignored.',
  },
};

/** The credentials of a form are in its body, which no security scheme can express. */
export function accessTo({ authentication, body }: Route): Access {
  return authentication === 'login' && body === 'form' ? { security: [] } : ACCESS[authentication];
}

const USER_NAMES = [
  'The user name says what the password is:',
  '',
  '| user name | password |',
  '|---|---|',
  '| `token` | a registry token, or for a login also a credential |',
  '| `iamapikey` | an API key of a user or a service ID |',
  '| `iambearer` | an access token of the IAM |',
  '| `iamrefresh` | a refresh token of the IAM |',
  '| `awsiam` | a presigned `GetCallerIdentity` request |',
  '| `oidc` | the OIDC token of a workload |',
];

const LOGIN = 'Answers an access token for a registry, which no route of this API takes.';

/** RFC 6749 section 4.3. No operation names it: what it answers is for registries. */
function loginAt(path: string): object {
  return { type: 'oauth2', description: LOGIN, flows: { password: { tokenUrl: path, scopes: {} } } };
}

export const SECURITY_SCHEMES = {
  login: loginAt('https://pullpass.example/oauth/token'),
  loginAtAlias: loginAt('https://pullpass.example/auth/token'),
  basic: { type: 'http', scheme: 'basic', description: USER_NAMES.join('\n') },
  iamToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of the IAM.',
  },
  registryToken: { type: 'http', scheme: 'bearer', bearerFormat: 'plp_…', description: 'A registry token.' },
};
