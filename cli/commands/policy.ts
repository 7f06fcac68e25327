/** `policy-add`, `policy-list` and `policy-rm`. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { ROLE } from '../../lib/api/fields.ts';
import { POLICY } from '../../lib/api/responses.ts';
import { identifier, repositoryOption } from '../arguments.ts';
import type { Context } from '../context.ts';
import { listingOf, policyText, repositoriesText } from '../text.ts';
import { NOT_FOUND, removeVerb } from './removal.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import { addNoun, listVerb } from './verbs.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_POLICY = v.looseObject(POLICY.entries);
const POLICIES = v.object({ policies: v.array(ANY_POLICY) });

interface NewPolicy {
  readonly subject: string;
  readonly role: string;
  readonly repository?: readonly string[];
}

export function addPolicies(program: Command, context: Context): void {
  addNoun(program, {
    noun: 'policy',
    description: 'Policies, what identities of the IAM may do',
    verbs: [
      {
        name: 'add',
        description: 'give an identity a role',
        build: command =>
          command
            .requiredOption(
              '--subject <id>',
              'an IAM id, "group:<issuer>:<name>", or "*" for every identity of the account',
            )
            .addOption(
              new Option('--role <role>', 'what it may do').choices(ROLE.options).makeOptionMandatory(),
            )
            .addOption(repositoryOption())
            .action((options: NewPolicy) => addPolicy(context, options)),
      },
      listVerb(context, {
        description: 'list the policies of the account',
        path: '/v1/policies',
        schema: POLICIES,
        items: ({ policies }) => policies,
        headings: ['POLICY ID', 'ROLE', 'SUBJECT', 'REPOSITORIES'],
        row: ({ id, role, subject, repositories }) => [id, role, subject, repositoriesText(repositories)],
      }),
      removeVerb(context, {
        description: 'remove policies',
        argument: 'id',
        parse: identifier,
        path: '/v1/policies',
        noun: ['policy', 'policies'],
        effect: ['The identity loses the role.', 'The identities lose these roles.'],
        describe: async (session, ids) => {
          const { policies } = await session.ask(POLICIES, { path: '/v1/policies' });
          const known = new Map(policies.map(policy => [policy.id, policyText(policy)]));
          return ids.map(id => known.get(id) ?? NOT_FOUND);
        },
      }),
    ],
  });
}

async function addPolicy(context: Context, { subject, role, repository }: NewPolicy): Promise<void> {
  const session = await context.session();
  const json = { subject, role, repositories: repository };
  const policy = await session.ask(ANY_POLICY, { method: 'POST', path: '/v1/policies', json });
  const human = listingOf([
    ['Policy identifier', policy.id],
    ['Subject', policy.subject],
    ['Role', policy.role],
    ['Repositories', repositoriesText(policy.repositories)],
  ]);
  await context.output.show(policy, human);
  await warnOfUnheld(context, session, policy);
}
