/** Checks a credential in one of its formats before it is printed or written: its consumers use it as it is. */
import * as v from 'valibot';
import type { FormatName } from '../../lib/api/credential-formats.ts';
import {
  CONTAINERS_AUTH,
  CREDENTIAL,
  CREDENTIAL_HELPER_RESPONSE,
  CREDENTIAL_SECRET,
  DOCKER_CONFIG,
  ECR_AUTHORIZATION,
  KUBELET_RESPONSE,
  KUBERNETES_SECRET,
} from '../../lib/api/public-responses.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { unexpectedResponse } from '../http.ts';
import { jsonText } from '../text.ts';

export interface CredentialText {
  readonly format: FormatName;
  readonly text: string;
  /** `host` or `host:port`: the only registry that there may be a credential for. */
  readonly registry: string;
  /** Of the deployment. */
  readonly url: string;
}

/** The credential, without members that its format does not have. Throws CliError for anything else. */
export function checkedCredential({ format, text, registry, url }: CredentialText): string {
  const checked = READERS[format](text, registry);
  if (checked !== undefined) return checked;
  const problem = `it is not a credential for ${registry} in the format ${format}`;
  throw unexpectedResponse(url, { problem });
}

/** Answers the text to print or write; undefined for what is not in the format, or for another registry. */
type Reader = (text: string, registry: string) => string | undefined;

const READERS: Readonly<Record<FormatName, Reader>> = {
  json: json(CREDENTIAL, (credential, registry) => credential.registry === registry),
  'docker-config': json(DOCKER_CONFIG, ({ auths }, registry) => isOnlyFor(auths, [registry])),
  'containers-auth': json(CONTAINERS_AUTH, ({ auths }, registry) =>
    isOnlyFor(
      auths,
      Object.keys(auths).filter(key => key === registry || isRepositoryOf(key, registry)),
    ),
  ),
  'kubernetes-secret': json(KUBERNETES_SECRET, ({ data }, registry) => {
    const config = parsed(PULL_SECRET, decoded(data['.dockerconfigjson']));
    return config !== undefined && isOnlyFor(config.auths, [registry]);
  }),
  ecr: json(ECR_AUTHORIZATION, ({ authorizationData }, registry) =>
    authorizationData.every(
      ({ authorizationToken, proxyEndpoint }) =>
        isBasic(authorizationToken) && proxyEndpoint === `https://${registry}`,
    ),
  ),
  kubelet: json(KUBELET_RESPONSE, ({ auth }, registry) => isOnly(auth, [registry])),
  'credential-helper': json(CREDENTIAL_HELPER_RESPONSE, ({ ServerURL }, registry) => ServerURL === registry),
  shell: (text, registry) => (isLoginCommand(text, registry) ? text : undefined),
};

/** Of docker: other members of its configuration could name programs to run. */
const PULL_SECRET = v.strictObject({
  auths: v.record(
    v.string(),
    v.strictObject({ username: v.literal('token'), password: CREDENTIAL_SECRET, auth: v.string() }),
  ),
});

function json<S extends v.GenericSchema>(
  schema: S,
  isFor: (value: v.InferOutput<S>, registry: string) => boolean,
): Reader {
  return (text, registry) => {
    const value = parsed(schema, text);
    return value !== undefined && isFor(value, registry) ? jsonText(value) : undefined;
  };
}

function parsed<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | undefined {
  try {
    const { success, output } = v.safeParse(schema, parseStrictJson(text));
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}

function isOnlyFor(auths: Readonly<Record<string, { readonly auth: string }>>, keys: string[]): boolean {
  return isOnly(auths, keys) && Object.values(auths).every(({ auth }) => isBasic(auth));
}

function isOnly(entries: object, keys: readonly string[]): boolean {
  return keys.length > 0 && Object.keys(entries).join() === keys.join();
}

/** A repository or the beginning of one, as in `registry.example/team-a`. */
function isRepositoryOf(key: string, registry: string): boolean {
  return key.startsWith(`${registry}/`) && /^[a-z0-9._/-]+$/.test(key.slice(registry.length + 1));
}

/** `token:plc_…` in base64. */
function isBasic(text: string): boolean {
  const [, password] = /^token:(.*)$/s.exec(decoded(text)) ?? [];
  return v.is(CREDENTIAL_SECRET, password);
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

/** Users run this line: it may hold one command, and no other. */
function isLoginCommand(text: string, registry: string): boolean {
  const [, password] = /^printf %s '([^']*)' \| /.exec(text) ?? [];
  const login = `docker login --username token --password-stdin '${registry}'`;
  return v.is(CREDENTIAL_SECRET, password) && text === `printf %s '${password}' | ${login}\n`;
}
