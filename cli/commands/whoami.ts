/** `whoami`: whom the deployment takes the login for, and what that is allowed. */

import type { Command } from 'commander';
import * as v from 'valibot';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import type { Broker } from '../broker.ts';
import type { Context } from '../context.ts';
import type { Credentials } from '../login.ts';
import type { TargetService } from '../target.ts';
import { listingOf, repositoriesText } from '../text.ts';

const REPOSITORIES = v.nullable(v.array(v.string()));

export const IDENTITY = v.looseObject({
  kind: v.string(),
  issuer: v.string(),
  account: v.string(),
  subject: v.string(),
  strength: v.string(),
  expiresAt: v.nullable(v.string()),
  roles: v.array(
    v.object({
      role: v.string(),
      repositories: REPOSITORIES,
      source: v.union([v.string(), v.object({ policy: v.string() })]),
    }),
  ),
  workloadAudience: v.string(),
});

export type Identity = v.InferOutput<typeof IDENTITY>;

/** An IAM identity; or what is no identity but logs in to registries: a registry token, or a workload. */
export type Principal =
  | { readonly kind: 'iam'; readonly identity: Identity }
  | { readonly kind: 'registry-token'; readonly id: string | undefined }
  | { readonly kind: 'workload' };

/** Asks the deployment. Throws a Failure when it does not accept the proof. */
export async function askPrincipal(
  broker: Broker,
  proof: Credentials,
  services: readonly TargetService[],
): Promise<Principal> {
  if (proof.userName !== 'token' && proof.userName !== 'oidc') {
    return {
      kind: 'iam',
      identity: await broker.ask(IDENTITY, { path: '/v1/identity', credentials: proof }),
    };
  }
  // A login that asks for nothing: it is granted nothing, and says whether the secret is good.
  await broker.send({ path: '/oauth/token', query: { service: services[0]?.name }, credentials: proof });
  if (proof.userName === 'oidc') return { kind: 'workload' };
  return { kind: 'registry-token', id: parseRegistryToken(proof.password)?.id };
}

/** In a few words. */
export function principalText(recognised: Principal): string {
  switch (recognised.kind) {
    case 'iam':
      return `${recognised.identity.subject} of the account ${recognised.identity.account}`;
    case 'registry-token':
      return `the registry token ${recognised.id ?? ''}`.trim();
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
  const asked = session.proof().then(proof => askPrincipal(broker, proof, target.services));
  const recognised = await context.output.during(`Waiting for ${target.url}`, asked);
  const human = listingOf([
    ['Target', `${target.name} (${target.url})`],
    ['Registries', target.services.map(({ registry }) => registry).join(' ') || 'none'],
    ...entriesOf(recognised),
  ]);
  await context.output.show({ target: target.name, url: target.url, ...recognised }, human);
}

function entriesOf(recognised: Principal): [string, string][] {
  if (recognised.kind !== 'iam') return [['Logged in as', principalText(recognised)]];
  const { account, subject, roles, strength, workloadAudience } = recognised.identity;
  return [
    ['Account', account],
    ['Subject', subject],
    ...(roles.length === 0 ? [['Roles', 'none'] as [string, string]] : roles.map(roleEntry)),
    ...(strength === 'weak'
      ? [['Proof', 'weak: any service that saw it could replay it'] as [string, string]]
      : []),
    ['Audience for workloads', workloadAudience],
  ];
}

function roleEntry({ role, repositories, source }: Identity['roles'][number]): [string, string] {
  const origin = typeof source === 'string' ? `the ${source}` : `the policy ${source.policy}`;
  return ['Role', `${role} of ${repositoriesText(repositories)}, by ${origin}`];
}
