/** `whoami`: whom the deployment takes the login for, and what that is allowed. */
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { describe, type Identity, type Recognised, recognise } from '../recognised.ts';
import { listingOf } from '../table.ts';
import { repositoriesText } from '../tokens.ts';

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
  const asked = session.proof().then(proof => recognise(broker, proof, target.services));
  const recognised = await context.output.during(`Waiting for ${target.url}`, asked);
  const human = listingOf([
    ['Target', `${target.name} (${target.url})`],
    ['Registries', target.services.map(({ registry }) => registry).join(' ') || 'none'],
    ...entriesOf(recognised),
  ]);
  await context.output.show({ target: target.name, url: target.url, ...recognised }, human);
}

function entriesOf(recognised: Recognised): [string, string][] {
  if (recognised.kind !== 'iam') return [['Logged in as', describe(recognised)]];
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
