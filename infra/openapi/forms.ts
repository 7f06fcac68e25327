/** The forms that OAuth clients send. The code reads their parameters one by one and passes over those it does not know. */
import * as v from 'valibot';
import { TOKEN_EXCHANGE } from '../../lib/http/credentials.ts';
import { A_CREDENTIAL, A_TOKEN, member, text } from './members.ts';
import { type JsonSchema, schemasOf } from './schema.ts';

const SERVICE = v.optional(text('The registry that it is for; absent: the only one.', 'registry.example'));
const scope = (description: string, example: string) =>
  v.optional(member(v.array(v.string()), description, [example]));

const PasswordLogin = v.looseObject({
  grant_type: v.literal('password'),
  username: v.optional(
    member(
      v.picklist(['token', 'iamapikey', 'iambearer', 'iamrefresh', 'awsiam', 'oidc', '']),
      'Says what the password is. Empty, with an empty password: nobody, who is granted nothing.',
      'token',
    ),
  ),
  password: v.optional(text('The secret.', A_TOKEN)),
  service: SERVICE,
  scope: scope('What is asked for; repeated, or parted by spaces.', 'repository:team-a/app:pull,push'),
  account: v.optional(text('Decides nothing.', 'token')),
  client_id: v.optional(text('Decides nothing.', 'containerd')),
});

const TokenExchange = v.pipe(
  v.looseObject({
    grant_type: v.literal(TOKEN_EXCHANGE),
    subject_token: text('A registry token, or an IAM or OIDC token.', A_TOKEN),
    subject_token_type: member(
      v.picklist([
        'urn:ietf:params:oauth:token-type:access_token',
        'urn:ietf:params:oauth:token-type:refresh_token',
        'urn:ietf:params:oauth:token-type:id_token',
        'urn:ietf:params:oauth:token-type:jwt',
      ]),
      'What the subject token is: a registry token or an IAM access token, an IAM refresh token, or the OIDC token of a workload.',
      'urn:ietf:params:oauth:token-type:access_token',
    ),
    requested_token_type: v.optional(v.literal('urn:pullpass:token-type:credential')),
    audience: v.optional(
      text('The registry that the credential is for; absent: the only one.', 'registry.example'),
    ),
    service: v.optional(text('The same as `audience`.', 'registry.example')),
    scope: scope(
      'What the credential is for, `repository:<name or prefix/*>:pull` or `…:pull,push`, at most 32 with the same actions; absent: to pull whatever the parent may.',
      'repository:team-a/app:pull',
    ),
  }),
  v.description(
    '`actor_token`, `actor_token_type` and `resource` are refused: nobody acts here for somebody else.',
  ),
);

const Revocation = v.looseObject({
  token: text('The registry token or the credential to end.', A_CREDENTIAL),
});

export const FORM_REQUESTS: Readonly<Record<string, JsonSchema>> = schemasOf({
  PasswordLogin,
  TokenExchange,
  Revocation,
});
