/** A user whose deployment has become hostile: the routes, their answers, and the user's registry. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as v from 'valibot';
import { EMPTY } from '../../../cli/home.ts';
import { type FormatName, formatNamed } from '../../../lib/api/credential-formats.ts';
import * as credentials from '../../../lib/api/public-responses.ts';
import * as documents from '../../../lib/api/public-responses.ts';
import * as responses from '../../../lib/api/responses.ts';
import * as tokens from '../../../lib/api/token-responses.ts';
import { Secret } from '../../../lib/domain/secret.ts';
import { CaptureServer, reply } from './capture.ts';
import { HOSTILE } from './hostile.ts';
import { Shell } from './shell.ts';
import { METADATA, newTokens, Stub, type StubAnswer, type StubRequest, TOKEN_ENDPOINT } from './stub.ts';

export const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';

const FORMATS: Readonly<Record<FormatName, v.GenericSchema>> = {
  json: credentials.CREDENTIAL,
  'docker-config': credentials.DOCKER_CONFIG,
  'kubernetes-secret': credentials.KUBERNETES_SECRET,
  'containers-auth': credentials.CONTAINERS_AUTH,
  ecr: credentials.ECR_AUTHORIZATION,
  kubelet: credentials.KUBELET_RESPONSE,
  'credential-helper': credentials.CREDENTIAL_HELPER_RESPONSE,
  shell: credentials.LOGIN_COMMAND,
};

/** What each route answers; null: a text that is not JSON. */
const ROUTES: Readonly<Record<string, v.GenericSchema | null>> = {
  [METADATA]: documents.METADATA,
  'GET /health': documents.HEALTH,
  'GET /oauth/token': documents.LOGIN,
  'GET /v1/services/registry.example/jwks.json': documents.KEY_SET,
  'GET /v1/services/registry.example/signing-key.json': documents.KEY_SET,
  'GET /v1/services/registry.example/rootcertbundle.pem': null,
  'GET /v1/identity': responses.IDENTITY,
  'GET /v1/tokens': responses.TOKEN_LIST,
  'POST /v1/tokens': responses.NEW_TOKEN,
  'PUT /v1/tokens/by-name/team': tokens.ENSURED_TOKEN,
  'GET /v1/token': tokens.HELD_TOKEN,
  'POST /v1/token/rotate': tokens.NEW_HELD_TOKEN,
  [`GET /v1/tokens/${ID}`]: responses.TOKEN,
  [`GET /v1/tokens/${ID}/value`]: responses.TOKEN_VALUE,
  [`POST /v1/tokens/${ID}/rotate`]: responses.NEW_TOKEN,
  [`PATCH /v1/tokens/${ID}`]: responses.TOKEN,
  [`DELETE /v1/tokens/${ID}`]: null,
  'GET /v1/namespaces': responses.NAMESPACE_LIST,
  'PUT /v1/namespaces/team-a': responses.NAMESPACE,
  'DELETE /v1/namespaces/team-a': null,
  'GET /v1/policies': responses.POLICY_LIST,
  'POST /v1/policies': responses.POLICY,
  [`DELETE /v1/policies/${ID}`]: null,
  'GET /v1/trusts': responses.TRUST_LIST,
  'GET /v1/issuers': responses.ISSUER_LIST,
  'GET /v1/usage': responses.USAGE,
  'GET /v1/audit': responses.AUDIT,
  'GET /v1/rules': responses.ACCOUNT_RULES,
  'PUT /v1/rules': responses.ACCOUNT_RULES,
  'POST /v1/explain': responses.EXPLANATION,
  'POST /v1/trusts': responses.TRUST,
  [`DELETE /v1/trusts/${ID}`]: null,
};

/** Says escape sequences on standard error, as a client does that repeats what a registry has answered. */
const CLIENT = '#!/bin/sh\nprintf "says \\033[2J\\302\\2331m\\n" >&2\n';

export class HostileDeployment {
  readonly shell: Shell;
  readonly stub: Stub;
  readonly registry: string;
  readonly #registry: CaptureServer;

  private constructor(shell: Shell, stub: Stub, registry: CaptureServer) {
    this.shell = shell;
    this.stub = stub;
    this.registry = registry.address;
    this.#registry = registry;
  }

  static async open(): Promise<HostileDeployment> {
    const stub = await Stub.open();
    const challenge = `Bearer realm="${stub.url}/oauth/token",service="registry.example"`;
    const registry = await CaptureServer.open(() =>
      reply('401 Unauthorized', { 'www-authenticate': challenge }),
    );
    const shell = await Shell.open();
    await writeFile(join(shell.directory, 'podman'), CLIENT);
    await chmod(join(shell.directory, 'podman'), 0o755);
    // Each part is an object without members.
    await writeFile(join(shell.directory, 'token.jwt'), 'e30.e30.e30');
    return new HostileDeployment(shell, stub, registry);
  }

  get jwtFile(): string {
    return join(this.shell.directory, 'token.jwt');
  }

  async close(): Promise<void> {
    await Promise.all([this.shell.close(), this.stub.close(), this.#registry.close()]);
  }

  /** The state of a user who logged in before the deployment became hostile. */
  async logIn(kind: 'iam' | 'registry-token' = 'iam'): Promise<void> {
    const { url } = this.stub;
    const issuer = {
      key: 'dev',
      issuer: 'https://iam.example',
      tokenEndpoint: `${url}/token`,
      clientId: null,
    };
    const held = { kind: 'registry-token', token: new Secret(`plp_${'x'.repeat(87)}`) } as const;
    const identity = {
      kind: 'iam',
      accessToken: new Secret('an-access-token'),
      expiresAt: 9e9,
      refreshToken: new Secret('a-refresh-token'),
    } as const;
    const services = [{ name: 'registry.example', registry: this.registry }];
    const login = kind === 'iam' ? identity : held;
    const target = { name: 'here', url, services, issuer, login };
    await this.shell.home.update(() => ({ ...EMPTY, current: 'here', targets: [target] }));
  }

  /** Every route answers with what `answer` makes of its schema; null where the response has none. */
  answers(answer: (schema: v.GenericSchema | null) => StubAnswer): void {
    const { replies } = this.stub;
    for (const [line, schema] of Object.entries(ROUTES)) replies[line] = () => answer(schema);
    replies['POST /v1/credentials'] = request => answer(FORMATS[formatIn(request)]);
    replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('new') });
  }

  /** As `answers`, with a value for each schema. */
  answersWith(example: (schema: v.GenericSchema) => unknown): void {
    this.answers(schema => (schema === null ? { text: HOSTILE } : { json: lastPage(example(schema)) }));
  }

  /** Metadata that fit the target, with a hostile member besides. */
  hasMetadata(): void {
    const services = [{ name: 'registry.example', registry: this.registry }];
    const metadata = this.stub.metadata({ pullpass_services: services, [HOSTILE]: HOSTILE });
    this.stub.replies[METADATA] = () => ({ json: metadata });
  }

  /** Credentials that fit the request, with other members besides. */
  hasCredentials(others: object = { [HOSTILE]: HOSTILE }): void {
    this.stub.replies['POST /v1/credentials'] = request => {
      const body = formatNamed(formatIn(request)).write(this.#vended());
      if (formatIn(request) === 'shell') return { text: String(body) };
      return { json: { ...(typeof body === 'string' ? JSON.parse(body) : body), ...others } };
    };
  }

  #vended(): Parameters<ReturnType<typeof formatNamed>['write']>[0] {
    return {
      password: new Secret('plc_k1.abc'),
      service: {
        name: 'registry.example',
        registry: this.registry,
        profile: 'kid',
        algorithm: 'ES256',
        lifetimeSeconds: 60,
      },
      access: 'pull',
      repositories: null,
      alsoPull: null,
      vendedAt: 1_795_000_000,
      refreshAfter: 1_795_000_600,
      endsAt: 1_795_001_200,
    } as unknown as Parameters<ReturnType<typeof formatNamed>['write']>[0];
  }
}

function formatIn({ body }: StubRequest): FormatName {
  return JSON.parse(body).format ?? 'json';
}

/** A page is the last one, so that the list ends. */
function lastPage(value: unknown): unknown {
  const isPage = value !== null && typeof value === 'object' && 'nextCursor' in value;
  return isPage ? { ...value, nextCursor: null } : value;
}
