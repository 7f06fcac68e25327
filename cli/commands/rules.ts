/** The verbs of namespaces, policies and trusts: add, list and rm. */
import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { ROLE } from '../../lib/api/fields.ts';
import { POLICY, TRUST } from '../../lib/api/responses.ts';
import { claims, identifier, namespace, repositoryOption, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { accessText, listingOf, repositoriesText } from '../text.ts';
import { claimsText, policyText, trustText } from './descriptions.ts';
import { removeVerb } from './removal.ts';
import { NAMESPACES, warnOfUnheld } from './unheld-namespaces.ts';
import { addNoun, listVerb } from './verbs.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_POLICY = v.looseObject(POLICY.entries);
const ANY_TRUST = v.looseObject(TRUST.entries);

const POLICIES = v.object({ policies: v.array(ANY_POLICY) });
const TRUSTS = v.object({ trusts: v.array(ANY_TRUST) });

const CREATED = 201;

export function addNamespaces(program: Command, context: Context): void {
  addNoun(program, {
    noun: 'namespace',
    description: 'Namespaces, the first segments of repository names',
    verbs: [
      {
        name: 'add',
        description: 'register a namespace for the account',
        build: command =>
          command.argument('<name>', '', namespace).action((name: string) => addNamespace(context, name)),
      },
      listVerb(context, {
        description: 'list the namespaces of the account',
        path: '/v1/namespaces',
        schema: NAMESPACES,
        items: ({ namespaces }) => namespaces,
        headings: ['NAMESPACE'],
        row: ({ name }) => [name],
      }),
      removeVerb(context, {
        description: 'release namespaces; their names stay reserved to the account',
        argument: 'name',
        parse: namespace,
        path: '/v1/namespaces',
        noun: ['namespace', 'namespaces'],
        effect: [
          'No login can pull or push in it until it is registered again.',
          'No login can pull or push in them until they are registered again.',
        ],
        describe: async (_, names) => names.map(() => undefined),
      }),
    ],
  });
}

async function addNamespace(context: Context, name: string): Promise<void> {
  const session = await context.session();
  const { status } = await session.send({ method: 'PUT', path: `/v1/namespaces/${name}` });
  const registered = status === CREATED;
  const human = registered ? `Registered ${name}.` : `${name} is registered already.`;
  await context.output.show({ name, registered }, human);
}

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
            .requiredOption('--subject <id>', 'an IAM id, or "*" for every identity of the account')
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
          return ids.map(id => known.get(id));
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

interface NewTrust {
  readonly issuer: string;
  readonly claim: ReadonlyMap<string, string>;
  readonly readwrite?: true;
  readonly repository?: readonly string[];
  readonly lifetime?: number;
}

export function addTrusts(program: Command, context: Context): void {
  addNoun(program, {
    noun: 'trust',
    description: 'Trusts, which builds may log in with their OIDC tokens',
    verbs: [
      {
        name: 'add',
        description: 'let workloads with exactly these claims log in',
        build: command =>
          command
            .requiredOption('--issuer <key>', 'the build platform, by its key in the configuration')
            .requiredOption('--claim <name=value>', 'a claim of the token; given once for each claim', claims)
            .option('--readwrite', 'they may push, too')
            .addOption(repositoryOption())
            .option('--lifetime <duration>', 'how long their credentials live at most, as in 15m', seconds)
            .action((options: NewTrust) => addTrust(context, options)),
      },
      listVerb(context, {
        description: 'list the trusts of the account',
        path: '/v1/trusts',
        schema: TRUSTS,
        items: ({ trusts }) => trusts,
        headings: ['TRUST ID', 'ISSUER', 'ACCESS', 'REPOSITORIES', 'CLAIMS'],
        row: ({ id, issuer, access, repositories, claims: named }) => [
          id,
          issuer,
          accessText(access),
          repositoriesText(repositories),
          claimsText(named),
        ],
      }),
      removeVerb(context, {
        description: 'remove trusts',
        argument: 'id',
        parse: identifier,
        path: '/v1/trusts',
        noun: ['trust', 'trusts'],
        effect: ['Its workloads can no longer log in.', 'Their workloads can no longer log in.'],
        describe: async (session, ids) => {
          const { trusts } = await session.ask(TRUSTS, { path: '/v1/trusts' });
          const known = new Map(trusts.map(trust => [trust.id, trustText(trust)]));
          return ids.map(id => known.get(id));
        },
      }),
    ],
  });
}

async function addTrust(context: Context, options: NewTrust): Promise<void> {
  const { issuer, claim, readwrite, repository: repositories, lifetime: lifetimeSeconds } = options;
  const session = await context.session();
  const access = readwrite ? 'push' : 'pull';
  const json = { issuer, claims: Object.fromEntries(claim), access, repositories, lifetimeSeconds };
  const trust = await session.ask(ANY_TRUST, { method: 'POST', path: '/v1/trusts', json });
  const human = listingOf([
    ['Trust identifier', trust.id],
    ['Issuer', trust.issuer],
    ['Claims', claimsText(trust.claims)],
    ['Access', accessText(trust.access)],
    ['Repositories', repositoriesText(trust.repositories)],
    ['Lifetime', `${trust.lifetimeSeconds} s`],
  ]);
  await context.output.show(trust, human);
  await warnOfUnheld(context, session, trust);
}
