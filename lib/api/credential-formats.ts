/** A credential in the shape that its consumer reads. The user name is always `token`. */

import type { Pattern } from '../domain/repository.ts';
import { toRfc3339 } from '../domain/time.ts';
import type { Vended } from '../usecases/vend-credential.ts';
import type * as answers from './public-responses.ts';

const USER_NAME = 'token';

export interface Format {
  /** What the answer is, and what `Accept` asks for it by. */
  readonly mediaType: string;
  /** An object is sent as JSON, a text as it is. */
  readonly write: (vended: Vended) => object | string;
}

const FORMATS = {
  json: { mediaType: 'application/json', write: plain },
  'docker-config': { mediaType: vendor('docker-config'), write: dockerConfig },
  'kubernetes-secret': { mediaType: vendor('kubernetes-secret'), write: kubernetesSecret },
  'containers-auth': { mediaType: vendor('containers-auth'), write: containersAuth },
  ecr: { mediaType: vendor('ecr'), write: ecr },
  kubelet: { mediaType: vendor('kubelet'), write: kubelet },
  'credential-helper': { mediaType: vendor('credential-helper'), write: credentialHelper },
  shell: { mediaType: 'text/x-shellscript', write: shell },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof FORMATS;

/** As `format` names them. */
export const FORMAT_NAMES = Object.keys(FORMATS) as FormatName[];
/** What `Accept` may name, the first being what is answered when it does not matter. */
export const MEDIA_TYPES: readonly string[] = Object.values(FORMATS).map(({ mediaType }) => mediaType);

export function formatNamed(name: FormatName): Format {
  return FORMATS[name];
}

/** Undefined: no format has that media type. */
export function formatOfMediaType(mediaType: string | undefined): Format | undefined {
  return Object.values(FORMATS).find(format => format.mediaType === mediaType);
}

function vendor(name: string): string {
  return `application/vnd.pullpass.${name}+json`;
}

function plain(vended: Vended): answers.Credential {
  const { password, service, access, repositories, endsAt, refreshAfter } = vended;
  return {
    username: USER_NAME,
    password: password.reveal(),
    registry: service.registry,
    access,
    repositories,
    expiresAt: toRfc3339(endsAt),
    refreshAfter: toRfc3339(refreshAfter),
  };
}

/** docker's config.json (docker/cli `cli/config/types/authconfig.go`), as docker writes it: `auth` alone. */
function dockerConfig(vended: Vended): string {
  const config: answers.DockerConfig = { auths: { [vended.service.registry]: { auth: basic(vended) } } };
  return file(config);
}

/**
 * A secret that `imagePullSecrets` may name, with the data of `kubectl create secret docker-registry`: what reads such
 * secrets, reads `auth`, or user name and password. Its name is not special and may be changed.
 */
function kubernetesSecret(vended: Vended): string {
  const { service, password } = vended;
  const entry = { username: USER_NAME, password: password.reveal(), auth: basic(vended) };
  const secret: answers.KubernetesSecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pullpass' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': base64(JSON.stringify({ auths: { [service.registry]: entry } })) },
  };
  return file(secret);
}

/**
 * The auth.json of skopeo, podman and buildah (containers-auth.json(5)): keys as narrow as the repositories, so that
 * other repositories go on with the user's other entries. A key also stands for all below it, in that file: one
 * for `team-a/app` is taken for `team-a/app/web` too, and a place within another needs none.
 */
function containersAuth(vended: Vended): string {
  const { service } = vended;
  const places = repositoriesOf(vended)?.map(
    pattern => `${service.registry}/${pattern.replace(/\/\*$/, '')}`,
  );
  const keys = new Set(places ?? [service.registry]);
  const outermost = [...keys].filter(key => !placesAbove(key).some(place => keys.has(place)));
  const auth = basic(vended);
  const auths = Object.fromEntries(outermost.map(key => [key, { auth }]));
  return file({ auths } satisfies answers.DockerConfig);
}

function placesAbove(key: string): string[] {
  const segments = key.split('/');
  return segments.slice(1).map((_, i) => segments.slice(0, i + 1).join('/'));
}

/**
 * The answer of GetAuthorizationToken (Amazon ECR API, `AuthorizationData`; times in AWS JSON are seconds). Its endpoint
 * is always https, which is what scripts cut off; docker does not mind it where a registry on loopback speaks http.
 */
function ecr(vended: Vended): answers.EcrAuthorization {
  const { service, endsAt } = vended;
  const proxyEndpoint = `https://${service.registry}`;
  return { authorizationData: [{ authorizationToken: basic(vended), expiresAt: endsAt, proxyEndpoint }] };
}

/**
 * What a credential provider tells the kubelet (`k8s.io/kubelet/pkg/apis/credentialprovider/v1`). A credential for some
 * repositories is remembered for the image that asked, because another one of the registry may need another. Never
 * `Global`: it would be offered to every registry that the provider is asked about.
 */
function kubelet(vended: Vended): answers.KubeletResponse {
  const { service, vendedAt, refreshAfter, password } = vended;
  return {
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    kind: 'CredentialProviderResponse',
    cacheKeyType: repositoriesOf(vended) === null ? 'Registry' : 'Image',
    cacheDuration: `${refreshAfter - vendedAt}s`,
    auth: { [service.registry]: { username: USER_NAME, password: password.reveal() } },
  };
}

/** What a credential helper prints (docker/docker-credential-helpers `credentials/credentials.go`). */
function credentialHelper({ service, password }: Vended): answers.CredentialHelperResponse {
  return { ServerURL: service.registry, Username: USER_NAME, Secret: password.reveal() };
}

/** A line for a shell, whose own printf keeps the password out of the list of processes. */
function shell({ service, password }: Vended): string {
  const login = `docker login --username ${USER_NAME} --password-stdin ${quoted(service.registry)}`;
  return `printf %s ${quoted(password.reveal())} | ${login}\n`;
}

/** What people keep as a file, and look into. */
function file(content: object): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

function basic({ password }: Vended): string {
  return base64(`${USER_NAME}:${password.reveal()}`);
}

/** The standard alphabet, padded: the only spelling that all of these consumers read. */
function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** One word for a POSIX shell (XCU 2.2.2). A registry that the configuration names only as a service may hold a quote. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Wherever the credential is good for anything; null: in all namespaces of the account. */
function repositoriesOf({ repositories, alsoPull }: Vended): readonly Pattern[] | null {
  return repositories === null || alsoPull === null ? null : [...repositories, ...alsoPull];
}

/** How many seconds a credential is valid, in a header because most formats do not say it. It may be less than was asked for. */
export const LIFE_HEADER = 'pullpass-expires-in';
