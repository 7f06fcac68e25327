/** A credential in the shape that its consumer reads. The user name is always `token`. */
import { toRfc3339 } from '../domain/time.ts';
import type { Vended } from '../usecases/vend-credential.ts';

const USER_NAME = 'token';

export interface Format {
  /** What the answer is, and what `Accept` asks for it by. */
  readonly mediaType: string;
  /** An object is sent as JSON. */
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

function plain(vended: Vended): object {
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

/** docker's config.json (docker/cli `cli/config/types/authconfig.go`). */
function dockerConfig(vended: Vended): object {
  return { auths: { [vended.service.registry]: { auth: basic(vended) } } };
}

/** A secret that `imagePullSecrets` may name (Kubernetes `core/v1`). Both namespace and name can be set on the way in. */
function kubernetesSecret(vended: Vended): object {
  const config = Buffer.from(JSON.stringify(dockerConfig(vended))).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pullpass' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': config },
  };
}

/**
 * The auth.json of skopeo, podman and buildah (containers-auth.json(5)): keys as narrow as the repositories, so that
 * what is not in them goes on with whatever else the user has.
 */
function containersAuth(vended: Vended): object {
  const { service, repositories } = vended;
  const places = repositories?.map(pattern => `${service.registry}/${pattern.replace(/\/\*$/, '')}`);
  const keys = [...new Set(places ?? [service.registry])];
  return { auths: Object.fromEntries(keys.map(key => [key, { auth: basic(vended) }])) };
}

/** The answer of GetAuthorizationToken (Amazon ECR API, `AuthorizationData`; times in AWS JSON are seconds). */
function ecr(vended: Vended): object {
  const { service, endsAt } = vended;
  const proxyEndpoint = `${isLoopback(service.registry) ? 'http' : 'https'}://${service.registry}`;
  return { authorizationData: [{ authorizationToken: basic(vended), expiresAt: endsAt, proxyEndpoint }] };
}

/**
 * What a credential provider tells the kubelet (`k8s.io/kubelet/pkg/apis/credentialprovider/v1`). A credential for some
 * repositories is remembered for the image that asked, because another one of the registry may need another.
 */
function kubelet(vended: Vended): object {
  const { service, repositories, vendedAt, refreshAfter, password } = vended;
  return {
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    kind: 'CredentialProviderResponse',
    cacheKeyType: repositories === null ? 'Registry' : 'Image',
    cacheDuration: `${refreshAfter - vendedAt}s`,
    auth: { [service.registry]: { username: USER_NAME, password: password.reveal() } },
  };
}

/** What a credential helper prints (docker/docker-credential-helpers `credentials/credentials.go`). */
function credentialHelper({ service, password }: Vended): object {
  return { ServerURL: service.registry, Username: USER_NAME, Secret: password.reveal() };
}

/** A line for a shell; printf is part of it, so that the password is in no list of processes. */
function shell({ service, password }: Vended): string {
  return `printf %s '${password.reveal()}' | docker login --username ${USER_NAME} --password-stdin '${service.registry}'\n`;
}

function basic({ password }: Vended): string {
  return Buffer.from(`${USER_NAME}:${password.reveal()}`).toString('base64');
}

function isLoopback(registry: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(registry);
}
