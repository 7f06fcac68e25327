/** Checks that a registry sends its clients to the deployment, and trusts its access tokens. */
import * as v from 'valibot';
import { LOGIN } from '../../lib/api/public-responses.ts';
import { realmFault } from '../../lib/domain/registry-auth.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { certificatesIn, verifyAccessToken } from '../../lib/probe/login.ts';
import { CliError } from '../errors.ts';
import type { Credentials } from '../login.ts';
import type { Network } from '../network.ts';
import { askRegistry, type RegistryResponse, requireChallenge } from '../registry/challenge.ts';
import { type PublicKeys, publicKeys, serviceFacts } from '../registry/service.ts';
import type { Session } from '../session.ts';
import type { TargetService } from '../target.ts';
import type { CheckResult, Findings } from './findings.ts';
import { examineUpstream } from './upstream.ts';

export interface RegistryCheck {
  readonly session: Session;
  readonly service: TargetService;
  readonly nowMs: number;
  /** undefined: not logged in, or with a login that the deployment refuses. */
  readonly credentials: Credentials | undefined;
  readonly registryMs: number;
  readonly network: Network;
  /** The deployment answers, and its metadata are correct. */
  readonly isServed: boolean;
  /** One that must be behind a registry proxy; undefined: any. */
  readonly repository: string | undefined;
}

const MIN_ROOT_LIFE_MS = 14 * DAY_SECONDS * 1000;

const ACCESS_TOKEN = v.object({
  token: v.pipe(
    LOGIN.entries.token,
    v.transform(text => new Secret(text)),
  ),
});

export async function examineRegistry(findings: Findings, patient: RegistryCheck): Promise<void> {
  const { name, registry } = patient.service;
  const called = (check: string) => `${check} of ${registry}`;
  const answer = await findings.check(called('address'), async () => {
    const fact = await askRegistry({ registry, timeoutMs: patient.registryMs, network: patient.network });
    return { fact, message: `${fact.origin} answers.` };
  });
  const asks =
    answer === undefined
      ? await findings.skip(called('challenge'), 'a registry that answers')
      : await findings.check(called('challenge'), () => {
          requireChallenge(registry, answer, { url: patient.session.target.url, service: name });
          return { fact: true, message: 'It sends its clients to this deployment, for this service.' };
        });
  await findings.check(called('realm'), () => realmOf(patient, answer));
  const keys = patient.isServed
    ? await findings.check(called('keys'), () => keysOf(patient))
    : await findings.skip(called('keys'), 'a deployment whose metadata are correct');
  const token = await examineLogin(findings, patient, {
    check: called('access token'),
    keys,
  });
  if (token === undefined || asks !== true) {
    await findings.skip(
      called('trust'),
      'a registry with the right challenge, and an access token that verifies',
    );
    return;
  }
  const isTrusted = await findings.check(called('trust'), () => checkTrust(token, patient));
  if (isTrusted === undefined || answer === undefined || patient.credentials === undefined) return;
  const { session, credentials, repository, registryMs, network } = patient;
  const logIn = async (scope: string) => {
    const login = { path: '/oauth/token', query: { service: name, scope }, credentials } as const;
    return (await session.broker.ask(ACCESS_TOKEN, login)).token;
  };
  const asked = { registry, origin: answer.origin, accessToken: token, logIn, repository };
  await examineUpstream(findings, { ...asked, broker: session.broker, credentials, registryMs, network });
}

/** docker, podman and skopeo follow any realm, so this is no problem of theirs. */
function realmOf(
  { session, service: { registry } }: RegistryCheck,
  answer: RegistryResponse | undefined,
): CheckResult<true> {
  const isTls = answer === undefined ? {} : { isTls: answer.origin.startsWith('https:') };
  const fault = realmFault({ publicUrl: session.target.url, registry, ...isTls });
  if (fault === undefined)
    return { fact: true, message: 'Clients and caches log in at the URL of the deployment.' };
  const warning =
    'Give the deployment a host name of the same domain as its registries, with a certificate: see docs/registries-and-clients.md#realms.';
  return { fact: true, message: fault, warning };
}

async function examineLogin(
  findings: Findings,
  patient: RegistryCheck,
  { check, keys }: { readonly check: string; readonly keys: PublicKeys | undefined },
): Promise<Secret | undefined> {
  const { credentials } = patient;
  if (keys !== undefined && credentials !== undefined)
    return findings.check(check, () => logIn(patient, credentials, keys));
  return findings.skip(check, 'a login, and published keys');
}

async function keysOf({
  session,
  service: { name },
  nowMs,
}: RegistryCheck): Promise<CheckResult<PublicKeys>> {
  const fact = await publicKeys(session.broker, name);
  const { profile, algorithm } = serviceFacts(name, fact);
  const message = `The deployment publishes its keys: ${algorithm}, profile ${profile}.`;
  if (fact.bundle === undefined) return { fact, message };
  const ends = Math.min(...certificatesIn(fact.bundle).map(({ validTo }) => Date.parse(validTo)));
  if (ends - nowMs > MIN_ROOT_LIFE_MS) return { fact, message };
  throw new CliError(`A root certificate in the bundle expires at ${new Date(ends).toISOString()}.`, {
    next: 'Create a new root on the deployment, and give the registry the new bundle (see docs/keys.md).',
  });
}

async function logIn(
  { session: { broker, target }, service, nowMs }: RegistryCheck,
  credentials: Credentials,
  keys: PublicKeys,
): Promise<CheckResult<Secret>> {
  const login = { path: '/oauth/token', query: { service: service.name }, credentials } as const;
  const { token: fact } = await broker.ask(ACCESS_TOKEN, login);
  await verifyAccessToken(fact.reveal(), { ...keys, issuer: target.url, service: service.name, nowMs });
  return { fact, message: 'A login gives one, and it verifies with the published keys.' };
}

async function checkTrust(
  accessToken: Secret,
  { service: { name, registry }, registryMs, network }: RegistryCheck,
): Promise<CheckResult<true>> {
  const { status } = await askRegistry({ registry, accessToken, timeoutMs: registryMs, network });
  if (status === 200) return { fact: true, message: 'It accepts the access token.' };
  const next = `Configure it with what "pullpass registry-config ${name}" prints (for zot: with --for zot), and restart it: it reads its keys when it starts. Its log says why it refuses the token.`;
  throw new CliError(
    status === 401
      ? 'It refuses the access token: its certificates, keys or issuer are not the published ones.'
      : `It answers ${status} to a valid access token.`,
    { next },
  );
}
