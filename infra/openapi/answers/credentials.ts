/** A credential in each of its shapes, and by token exchange. */
import * as v from 'valibot';
import { ACCESS, AN_HOUR_LATER, credential, member, repositories, text, time } from '../members.ts';

const USER_NAME = member(v.literal('token'), 'The user name is always this.');
const REGISTRY = text('Where to log in: the host of the registry, and its port.', 'registry.example');
const AUTH = member(
  v.pipe(v.string(), v.base64()),
  '`token:` and the credential, in base64.',
  Buffer.from('token:plc_k1.Example').toString('base64'),
);
const Credential = v.strictObject({
  username: USER_NAME,
  password: credential('The credential: the password of `docker login -u token`.'),
  registry: REGISTRY,
  access: ACCESS,
  repositories: repositories('every repository that the parent may use'),
  expiresAt: time('When it ends.', AN_HOUR_LATER),
  refreshAfter: time('From then on its holder had better fetch the next.', '2026-11-21T07:38:00Z'),
});

const auths = (keys: string, example: string) =>
  member(v.record(v.string(), v.strictObject({ auth: AUTH })), keys, {
    [example]: { auth: Buffer.from('token:plc_k1.Example').toString('base64') },
  });
const DockerConfig = v.strictObject({ auths: auths('By registry.', 'registry.example') });
const ContainersAuth = v.strictObject({
  auths: auths('By registry, or by registry and repository or prefix.', 'registry.example/team-a/app'),
});

const KubernetesSecret = v.strictObject({
  apiVersion: v.literal('v1'),
  kind: v.literal('Secret'),
  metadata: v.strictObject({ name: v.literal('pullpass') }),
  type: v.literal('kubernetes.io/dockerconfigjson'),
  data: v.strictObject({
    '.dockerconfigjson': member(
      v.pipe(v.string(), v.base64()),
      'The format `docker-config`, in base64.',
      Buffer.from('{"auths":{}}').toString('base64'),
    ),
  }),
});

const EcrAuthorization = v.strictObject({
  authorizationData: v.pipe(
    v.array(
      v.strictObject({
        authorizationToken: AUTH,
        expiresAt: member(
          v.pipe(v.number(), v.integer()),
          'When it ends, in seconds since 1970.',
          1_795_248_000,
        ),
        proxyEndpoint: member(v.pipe(v.string(), v.url()), 'The registry.', 'https://registry.example'),
      }),
    ),
    v.length(1),
  ),
});

const KubeletResponse = v.strictObject({
  apiVersion: v.literal('credentialprovider.kubelet.k8s.io/v1'),
  kind: v.literal('CredentialProviderResponse'),
  cacheKeyType: member(
    v.picklist(['Image', 'Registry']),
    'Image: for some repositories. Registry: for all that the parent may use.',
    'Image',
  ),
  cacheDuration: member(
    v.pipe(v.string(), v.regex(/^\d+s$/)),
    'How long the kubelet may keep it: until `refreshAfter`.',
    '2280s',
  ),
  auth: member(
    v.record(v.string(), v.strictObject({ username: USER_NAME, password: credential('The credential.') })),
    'By registry.',
  ),
});

const CredentialHelperAnswer = v.strictObject({
  ServerURL: REGISTRY,
  Username: USER_NAME,
  Secret: credential('The credential.'),
});

const LoginCommand = text(
  'A line for a shell, which logs docker in and shows the password in no list of processes.',
  "printf %s 'plc_k1.Example' | docker login --username token --password-stdin 'registry.example'\n",
);

const ExchangedCredential = v.strictObject({
  access_token: credential('The credential: a password, and no access token.'),
  issued_token_type: v.literal('urn:pullpass:token-type:credential'),
  token_type: member(v.literal('N_A'), 'RFC 8693 section 2.2.1.'),
  expires_in: member(v.pipe(v.number(), v.integer()), 'How long it lives, in seconds.', 3600),
  scope: v.optional(
    text(
      'What it is for; absent: every repository that the parent may use.',
      'repository:team-a/app:pull repository:team-a/tools/*:pull',
    ),
  ),
});

export const CREDENTIAL_ANSWERS = {
  Credential,
  DockerConfig,
  KubernetesSecret,
  ContainersAuth,
  EcrAuthorization,
  KubeletResponse,
  CredentialHelperAnswer,
  LoginCommand,
  ExchangedCredential,
} satisfies Record<string, v.GenericSchema>;
