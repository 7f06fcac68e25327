/** `policy-add`, `policy-list` and `policy-rm`: what the identities of the account may do. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { identifiers, patterns } from '../arguments.ts';
import type { Context } from '../context.ts';
import { addGroup } from '../group.ts';
import { removeEach } from '../remove-each.ts';
import { listingOf, tableOf } from '../table.ts';
import { repositoriesText } from '../tokens.ts';

const POLICY = v.looseObject({
  id: v.string(),
  subject: v.string(),
  role: v.string(),
  repositories: v.nullable(v.array(v.string())),
});
const POLICIES = v.object({ policies: v.array(POLICY) });

interface Addition {
  readonly subject: string;
  readonly role: string;
  readonly repository?: readonly string[];
}

export function addPolicies(program: Command, context: Context): void {
  addGroup(program, {
    noun: 'policy',
    description: 'Policies, what identities of the IAM may do',
    verbs: [
      {
        name: 'add',
        description: 'give an identity a role',
        build: command =>
          command
            .requiredOption('--subject <id>', 'an IAM id, or "*" for every identity of the account')
            .addOption(
              new Option('--role <role>', 'what it may do')
                .choices(['reader', 'writer', 'manager', 'administrator'])
                .makeOptionMandatory(),
            )
            .option('--repository <pattern>', 'only there; may be given several times', patterns)
            .action((options: Addition) => addPolicy(context, options)),
      },
      {
        name: 'list',
        description: 'list the policies of the account',
        build: command => command.action(() => listPolicies(context)),
      },
      {
        name: 'rm',
        description: 'remove policies',
        build: command =>
          command
            .argument('<id...>', '', identifiers)
            .action((names: string[]) => removeEach(context, { names, pathOf: id => `/v1/policies/${id}` })),
      },
    ],
  });
}

async function addPolicy(context: Context, { subject, role, repository }: Addition): Promise<void> {
  const session = await context.session();
  const json = { subject, role, repositories: repository };
  const policy = await session.ask(POLICY, { method: 'POST', path: '/v1/policies', json });
  const human = listingOf([
    ['Policy identifier', policy.id],
    ['Subject', policy.subject],
    ['Role', policy.role],
    ['Repositories', repositoriesText(policy.repositories)],
  ]);
  await context.output.show(policy, human);
}

async function listPolicies(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const { policies } = await session.ask(POLICIES, { path: '/v1/policies' });
  if (output.format === 'json') return output.jsonList(policies);
  const rows = policies.map(policy => [
    policy.id,
    policy.role,
    policy.subject,
    repositoriesText(policy.repositories),
  ]);
  await output.line(tableOf(['POLICY ID', 'ROLE', 'SUBJECT', 'REPOSITORIES'], rows));
}
