/** A deployment in which every event has been written, and what was done in it. */
import { join } from 'node:path';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { createKeys } from '../../lib/compose/keys.ts';
import { createProber } from '../../lib/compose/prober.ts';
import { createRestore } from '../../lib/compose/restore.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { HttpEvent } from '../../lib/http/request.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { ALICE, type Deployment, deploy, MALLORY } from './deployment.ts';
import { EventBus } from './event-bus.ts';
import { CONTEXT as HTTP_CONTEXT } from './events.ts';
import { linesOf } from './logs.ts';
import { audienceOf, openGitHub, openIam, type TestIssuer } from './platforms.ts';
import { SERVICE } from './records.ts';
import { DIGEST, openUpstream } from './upstream.ts';

const CONTEXT = { ...HTTP_CONTEXT, awsRequestId: 'run-1' };

export interface Written {
  /** As they came to the standard output. */
  readonly logs: readonly string[];
  /** What queries ask for, by its placeholder in the document. */
  readonly known: Readonly<Record<string, string>>;
}

/** Does everything once, and takes the deployment down. */
export async function writeEveryEvent(): Promise<Written> {
  const github = await openGitHub();
  const grouped = await openIam('corp', {
    claims: { subject: 'iam_id', account: 'account.bss', groups: 'groups' },
  });
  const bus = await new EventBus().open();
  const environment = {
    ...{ PULLPASS_STAGE: 'test', PULLPASS_UNUSED_DAYS: '1', ...bus.variables },
    PULLPASS_ADMINISTRATORS: 'dev:acme:alice dev:rival:bob corp:acme:alice',
  };
  const upstream = await openUpstream();
  const services = [{ name: SERVICE.name, upstream: { url: upstream.url } }];
  const deployment = await deploy({ issuers: [github.entry, grouped.entry], services, environment });
  const workload = () => github.token({ aud: audienceOf('dev:acme') });
  const known = await useLogins(deployment, workload);
  await useSecrets(deployment);
  await useGroups(deployment, grouped);
  await useNotices(deployment, bus);
  await useSchedules(deployment);
  await useKeys(deployment);
  await useProber(deployment);
  await deployment.close();
  await github.server.close();
  await upstream.close();
  await grouped.server.close();
  await bus.close();
  return { logs: deployment.logs, known };
}

const PULL = 'repository:team-a/app:pull';

async function useLogins(deployment: Deployment, workload: () => string): Promise<Written['known']> {
  const alice = deployment.as(ALICE);
  for (const name of ['team-a', 'team-b']) await alice(`PUT /v1/namespaces/${name}`);
  await alice('DELETE /v1/namespaces/team-b');
  const { id, token } = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const logIn = (password: string, scope: string, sourceIp: string) =>
    deployment.send(`GET /oauth/token?service=${SERVICE.name}&scope=${scope}`, {
      basic: ['token', password],
      sourceIp,
    });
  const { token: bearer } = (await logIn(token, PULL, '198.51.100.1')).json;
  for (const reference of ['1.4', DIGEST]) {
    const headers = { 'user-agent': 'containerd/2.1' };
    await deployment.send(`GET /v2/team-a/app/manifests/${reference}`, { bearer, headers });
  }
  await logIn(token, 'repository:team-a/app:push', '198.51.100.2');
  await deployment.send(`GET /oauth/token?service=${SERVICE.name}`, { basic: ['oidc', workload()] });
  const wish = { bearer: token, json: { repositories: ['team-a/*'] } };
  const { password } = (await deployment.send('POST /v1/credentials', wish)).json;
  await logIn(password, PULL, '198.51.100.3');
  const credential = String(linesOf(deployment).find(({ message }) => message === 'vended')?.credential);
  const denied = await logIn(`plp_${'0'.repeat(87)}`, PULL, '198.51.100.66');
  await deployment.as(MALLORY)('GET /v1/tokens');
  deployment.wire.cut = () => true;
  await logIn(token, PULL, '198.51.100.4');
  deployment.wire.cut = () => false;
  await alice('POST /v1/explain', { json: { token: id } });
  await alice(`GET /v1/tokens/${id}/value`);
  await alice(`DELETE /v1/tokens/${id}`);
  return { id, credential, address: '198.51.100.66', 'request id': denied.headers['x-request-id'] ?? '' };
}

async function useSecrets(deployment: Deployment): Promise<void> {
  const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const { password } = (await deployment.send('POST /v1/credentials', { bearer: token, json: {} })).json;
  for (const secret of [password, token, 'nothing']) {
    await deployment.send('POST /oauth/revoke', { form: { token: secret } });
  }
}

async function useGroups(deployment: Deployment, iam: TestIssuer): Promise<void> {
  const json = { subject: 'group:corp:admins', role: 'administrator' };
  await deployment.send('POST /v1/policies', { bearer: iam.token(), json });
  const bearer = iam.token({ iam_id: 'bob', groups: ['admins'] });
  await deployment.send('POST /v1/tokens', { bearer });
  const basic = ['iambearer', iam.token({ iam_id: 'bob', groups: 'admins' })] as const;
  await deployment.send(`GET /oauth/token?service=${SERVICE.name}`, { basic });
}

async function useNotices(deployment: Deployment, bus: EventBus): Promise<void> {
  const run = () =>
    createCleanup(deployment.world)(
      { notices: true },
      { ...CONTEXT, getRemainingTimeInMillis: () => 600_000 },
    );
  const alice = deployment.as(ALICE);
  for (const days of [0, 4]) {
    const { id } = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
    await alice(`DELETE /v1/tokens/${id}`);
    bus.fails = true;
    deployment.wait(days * DAY_SECONDS);
    await run();
    bus.fails = false;
  }
  await run();
}

async function useSchedules(deployment: Deployment): Promise<void> {
  deployment.wait(2 * DAY_SECONDS);
  await createCleanup(deployment.world)({}, CONTEXT);
  await deployment.handlers.login?.({ warmup: true } as unknown as HttpEvent, CONTEXT);
  await createRestore(deployment.world)({}, CONTEXT);
}

/** It gets no answer. */
async function useProber(deployment: Deployment): Promise<void> {
  const environment = { PULLPASS_URL: 'http://127.0.0.1:9', AWS_REGION: 'eu-central-1' };
  await createProber(deployment.worldWith(environment))({}, CONTEXT);
}

async function useKeys(deployment: Deployment): Promise<void> {
  const handler = createKeys(deployment.world);
  const invocation = { ...CONTEXT, getRemainingTimeInMillis: () => 300_000 };
  const attempt = (event: object) => handler(event, invocation).catch(() => undefined);
  const deploying = {
    RequestType: 'Update',
    ResponseURL: 'https://127.0.0.1:9/',
    StackId: 's',
    RequestId: 'r',
    LogicalResourceId: 'Keys',
    ResourceType: 'Custom::Keys',
    ResourceProperties: {},
  };
  await attempt({ replace: SERVICE.name });
  await attempt({ rotateCredentialKey: true });
  // With no time left for a service.
  await handler({ maintain: true }, { ...CONTEXT, getRemainingTimeInMillis: () => 1 });
  const unreachable = deployment.worldWith({
    PULLPASS_LEDGER: 'arn:aws:dynamodb:us-east-1:123456789012:table/pullpass-ledger',
    AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9',
  });
  await createKeys(unreachable)({ attest: true }, invocation);
  await attempt(deploying);
  const keys = fileKeyStore(join(deployment.directory, 'keys'));
  await keys.transaction(SERVICE.name, async held => {
    await held.read('ring.json');
    await held.write('ring.json', 'no ring');
  });
  await attempt(deploying);
}
