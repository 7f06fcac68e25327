/** `whoami`: the principal that the deployment authenticates a login as, and its roles. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { IDENTITY, type Identity } from '../../lib/api/responses.ts';
import type { HeldToken } from '../../lib/api/token-responses.ts';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import type { Broker } from '../broker.ts';
import type { Context } from '../context.ts';
import type { Credentials } from '../login.ts';
import type { TargetService } from '../target.ts';
import { listingOf, repositoriesText } from '../text.ts';
import { ANY_HELD, heldEntries } from './own-token.ts';
import { unlessMissing } from './removal.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_IDENTITY = v.looseObject(IDENTITY.entries);

/** An IAM identity, or what only logs in to registries: a registry token or a workload. */
export type Principal =
  | { readonly kind: 'iam'; readonly identity: Identity }
  | { readonly kind: 'registry-token'; readonly id: string | undefined; readonly token?: HeldToken }
  | { readonly kind: 'workload' };

/** Asks the deployment. Throws CliError when it refuses the credentials. */
export async function askPrincipal(
  broker: Broker,
  credentials: Credentials,
  services: readonly TargetService[],
): Promise<Principal> {
  if (credentials.userName !== 'token' && credentials.userName !== 'oidc') {
    return {
      kind: 'iam',
      identity: await broker.ask(ANY_IDENTITY, { path: '/v1/identity', credentials }),
    };
  }
  if (credentials.userName === 'token') {
    const token = await unlessMissing(broker.ask(ANY_HELD, { path: '/v1/token', credentials }));
    if (token !== undefined) return { kind: 'registry-token', id: token.id, token };
  }
  // A login without a scope grants nothing, and tells whether the secret is valid, also to a deployment of an older version.
  await broker.send({ path: '/oauth/token', query: { service: services[0]?.name }, credentials });
  if (credentials.userName === 'oidc') return { kind: 'workload' };
  return { kind: 'registry-token', id: parseRegistryToken(credentials.password)?.id };
}

/** In a few words. */
export function principalText(principal: Principal): string {
  switch (principal.kind) {
    case 'iam':
      return `${principal.identity.subject} of the account ${principal.identity.account}`;
    case 'registry-token':
      return `the registry token ${principal.id ?? ''}`.trim();
    case 'workload':
      return 'a workload of a build platform';
  }
}

export function addWhoami(program: Command, context: Context): void {
  program
    .command('whoami')
    .description('show who is logged in, and what the deployment allows')
    .helpGroup('Logging in:')
    .action(() => whoami(context));
}

async function whoami(context: Context): Promise<void> {
  const session = await context.session();
  const { target, broker } = session;
  const asking = session
    .credentials()
    .then(credentials => askPrincipal(broker, credentials, target.services));
  const principal = await context.waitFor(target.url, asking);
  const human = listingOf([
    ['Target', `${target.name} (${target.url})`],
    ['Registries', target.services.map(({ registry }) => registry).join(' ') || 'none'],
    ...entriesOf(principal),
  ]);
  await context.output.show({ target: target.name, url: target.url, ...principal }, human);
}

function entriesOf(principal: Principal): [string, string][] {
  if (principal.kind !== 'iam') {
    const held = principal.kind === 'registry-token' ? principal.token : undefined;
    return [['Logged in as', principalText(principal)], ...(held === undefined ? [] : heldEntries(held))];
  }
  const {
    account,
    subject,
    groups = [],
    ignoredGroups,
    roles,
    strength,
    workloadAudience,
  } = principal.identity;
  return [
    ['Account', account],
    ['Subject', subject],
    ...groups.map((group): [string, string] => ['Group', group]),
    ...(ignoredGroups === undefined ? [] : [['Groups', `none counts: ${ignoredGroups}`] as [string, string]]),
    ...(roles.length === 0 ? [['Roles', 'none'] as [string, string]] : roles.map(roleEntry)),
    ...(strength === 'weak'
      ? [['Proof', 'weak: any service that sees it could replay it'] as [string, string]]
      : []),
    ['Audience for workloads', workloadAudience],
  ];
}

function roleEntry({ role, repositories, source }: Identity['roles'][number]): [string, string] {
  const origin =
    typeof source === 'string'
      ? `the ${source}`
      : `the policy ${source.policy}${source.group === undefined ? '' : ` for ${source.group}`}`;
  return ['Role', `${role} of ${repositoriesText(repositories)}, by ${origin}`];
}
