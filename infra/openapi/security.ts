import type { Authentication, Route } from '../../lib/http/request.ts';

const BASIC = { basic: [] };
const IAM_TOKEN = { iamToken: [] };
const REGISTRY_TOKEN = { registryToken: [] };

interface Access {
  readonly security: readonly object[];
  /** Who, in words; undefined: everybody. */
  readonly who?: string;
}

const IAM = '`iambearer`, `iamapikey`, `iamrefresh` or `awsiam`';
const ACCESS: Record<Authentication, Access> = {
  administrator: {
    security: [BASIC, IAM_TOKEN],
    who: `For administrators of the account, as ${IAM}.`,
  },
  'strong-administrator': {
    security: [BASIC, IAM_TOKEN],
    who: `For administrators of the account, as ${IAM}, with a proof that nobody else could have sent in their place.`,
  },
  identity: { security: [BASIC, IAM_TOKEN], who: `For every IAM identity, as ${IAM}.` },
  vend: {
    security: [BASIC, IAM_TOKEN, REGISTRY_TOKEN],
    who: 'For whoever has a registry token or an identity, as every user name; a credential vends nothing.',
  },
  login: { security: [{}, BASIC], who: 'For whoever has a secret, as every user name.' },
  public: { security: [] },
};

/** A form brings its credentials along, where no security scheme can say so. */
export function accessTo({ authentication, body }: Route): Access {
  return authentication === 'login' && body === 'form' ? { security: [] } : ACCESS[authentication];
}

export const SECURITY_SCHEMES = {
  basic: {
    type: 'http',
    scheme: 'basic',
    description: [
      'The user name says what the password is:',
      '',
      '| user name | password |',
      '|---|---|',
      '| `token` | a registry token, or where it logs in a credential |',
      '| `iamapikey` | an API key of a user or a service ID |',
      '| `iambearer` | an access token of the IAM |',
      '| `iamrefresh` | a refresh token of the IAM |',
      '| `awsiam` | a presigned `GetCallerIdentity` request |',
      '| `oidc` | the OIDC token of a workload |',
    ].join('\n'),
  },
  iamToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of the IAM.',
  },
  registryToken: { type: 'http', scheme: 'bearer', bearerFormat: 'plp_…', description: 'A registry token.' },
};
