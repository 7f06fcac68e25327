/** Checks the registry behind a registry proxy, as its clients see it: why it refuses, only the log of the deployment says. */
import { NO_UPSTREAM, REGISTRY_ERRORS } from '../../lib/domain/registry-errors.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import type { Broker } from '../broker.ts';
import { NAMESPACES } from '../commands/unheld-namespaces.ts';
import { CliError } from '../errors.ts';
import { boundedFetch, type HttpResponse } from '../http.ts';
import type { Credentials } from '../login.ts';
import type { Network } from '../network.ts';
import type { CheckResult, Findings } from './findings.ts';

export interface UpstreamCheck {
  /** `host` or `host:port`, as its clients name it. */
  readonly registry: string;
  /** Where it answers. */
  readonly origin: string;
  readonly broker: Broker;
  readonly credentials: Credentials;
  /** One that must be behind it; undefined: any. */
  readonly repository: string | undefined;
  /** Good at the registry, for no repository. */
  readonly accessToken: Secret;
  /** For this access. Throws CliError. */
  readonly logIn: (scope: string) => Promise<Secret>;
  readonly registryMs: number;
  readonly network: Network;
}

/** There need not be one: its registry answers that all the same. */
const ANY_REPOSITORY = 'pullpass-doctor';

/** Nothing is said of a registry that is no proxy. */
export async function examineUpstream(findings: Findings, patient: UpstreamCheck): Promise<void> {
  const check = `upstream of ${patient.registry}`;
  if (!(await isProxy(patient))) return;
  const repository = patient.repository ?? (await anyRepository(patient));
  if (repository === undefined) {
    await findings.skip(check, 'an administrator whose account has a namespace');
    return;
  }
  await findings.check(check, () => lookAt(patient, repository));
}

/** The one that knows no catalog, in these words. */
async function isProxy(patient: UpstreamCheck): Promise<boolean> {
  const { status, text } = await ask(patient, '/v2/_catalog', patient.accessToken).catch(() => ({
    status: 0,
    text: '',
  }));
  return status === 405 && text.includes(REGISTRY_ERRORS['pull-only'].detail);
}

async function anyRepository({ broker, credentials }: UpstreamCheck): Promise<string | undefined> {
  const asked = broker.ask(NAMESPACES, { path: '/v1/namespaces', credentials });
  const { namespaces } = await asked.catch(() => ({ namespaces: [] }));
  return namespaces[0] && `${namespaces[0].name}/${ANY_REPOSITORY}`;
}

async function lookAt(patient: UpstreamCheck, repository: string): Promise<CheckResult<true>> {
  const token = await patient.logIn(`repository:${repository}:pull`);
  const { status, text, headers } = await ask(patient, `/v2/${repository}/tags/list`, token);
  const isNamed = patient.repository !== undefined;
  const good = 'The registry behind it answers, and takes the login of the deployment';
  if (status === 200 && isNamed) return { fact: true, message: `${good}; it has ${repository}.` };
  if (status === 200 || (status === 404 && !isNamed)) return { fact: true, message: `${good}.` };
  if (status === 404)
    throw new CliError(`The registry behind it has no ${repository}.`, {
      next: 'Compare upstream.prefix of the service with the names there, and whether anything was pushed to it.',
    });
  if (status === 401)
    throw new CliError(
      `Your login may not pull from ${repository}, so nothing was asked of the registry behind it.`,
      {
        next: 'Name a repository in a namespace of your account.',
      },
    );
  throw new CliError(faultIn(status, text), { next: whereToLook(headers) });
}

function faultIn(status: number, text: string): string {
  if (text.includes(REGISTRY_ERRORS['upstream-refused'].detail))
    return 'The registry behind it refuses the login of the deployment, or asks for one in a way that is not allowed.';
  if (text.includes(NO_UPSTREAM))
    return 'The registry behind it does not answer, or with an error of its own.';
  return `It answers ${status} to a pull.`;
}

function whereToLook(headers: Headers): string {
  const id = headers.get('x-request-id') ?? '';
  const which = /^[\w-]{1,64}$/.test(id) ? ` of the request ${id}` : '';
  return `The log of the deployment has the reason${which}.`;
}

function ask(
  { origin, registryMs: timeoutMs, network }: UpstreamCheck,
  path: string,
  token: Secret,
): Promise<HttpResponse> {
  const headers = { authorization: `Bearer ${token.reveal()}` };
  return boundedFetch(origin + path, { method: 'GET', headers, timeoutMs, network });
}
