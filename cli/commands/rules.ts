/** `namespace-add`, `namespace-list` and `namespace-rm`. */

import { type Command, Option } from 'commander';
import * as v from 'valibot';
import { claims, identifiers, namespace, namespaces, patterns, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { listingOf, repositoriesText, tableOf } from '../text.ts';
import { addGroup, removeEach } from './verbs.ts';

const NAMESPACES = v.object({ namespaces: v.array(v.looseObject({ name: v.string() })) });

const CREATED = 201;

export function addNamespaces(program: Command, context: Context): void {
  addGroup(program, {
    noun: 'namespace',
    description: 'Namespaces, the first segments of repository names',
    verbs: [
      {
        name: 'add',
        description: 'register a namespace for the account',
        build: command =>
          command.argument('<name>', '', namespace).action((name: string) => addNamespace(context, name)),
      },
      {
        name: 'list',
        description: 'list the namespaces of the account',
        build: command => command.action(() => listNamespaces(context)),
      },
      {
        name: 'rm',
        description: 'release namespaces; their names stay reserved to the account',
        build: command =>
          command
            .argument('<name...>', '', namespaces)
            .action((names: string[]) =>
              removeEach(context, { names, pathOf: name => `/v1/namespaces/${name}` }),
            ),
      },
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

async function listNamespaces(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const { namespaces: found } = await session.ask(NAMESPACES, { path: '/v1/namespaces' });
  if (output.format === 'json') return output.jsonList(found);
  await output.line(
    tableOf(
      ['NAMESPACE'],
      found.map(({ name }) => [name]),
    ),
  );
}

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

const TRUST = v.looseObject({
  id: v.string(),
  issuer: v.string(),
  claims: v.record(v.string(), v.string()),
  access: v.picklist(['pull', 'push']),
  repositories: v.nullable(v.array(v.string())),
  lifetimeSeconds: v.number(),
});

type Trust = v.InferOutput<typeof TRUST>;

const TRUSTS = v.object({ trusts: v.array(TRUST) });

interface Addition {
  readonly issuer: string;
  readonly claim: ReadonlyMap<string, string>;
  readonly readwrite?: true;
  readonly repository?: readonly string[];
  readonly lifetime?: number;
}

export function addTrusts(program: Command, context: Context): void {
  addGroup(program, {
    noun: 'trust',
    description: 'Trusts, which builds may log in with their OIDC tokens',
    verbs: [
      {
        name: 'add',
        description: 'let workloads with exactly these claims log in',
        build: command =>
          command
            .requiredOption('--issuer <key>', 'the build platform, by its key in the configuration')
            .requiredOption(
              '--claim <name=value>',
              'what the token must say; given once for each claim',
              claims,
            )
            .option('--readwrite', 'they may push, too')
            .option('--repository <pattern>', 'only there; may be given several times', patterns)
            .option('--lifetime <duration>', 'how long what they get lives at most, as in 15m', seconds)
            .action((options: Addition) => addTrust(context, options)),
      },
      {
        name: 'list',
        description: 'list the trusts of the account',
        build: command => command.action(() => listTrusts(context)),
      },
      {
        name: 'rm',
        description: 'remove trusts',
        build: command =>
          command
            .argument('<id...>', '', identifiers)
            .action((names: string[]) => removeEach(context, { names, pathOf: id => `/v1/trusts/${id}` })),
      },
    ],
  });
}

async function addTrust(context: Context, options: Addition): Promise<void> {
  const { issuer, claim, readwrite, repository: repositories, lifetime: lifetimeSeconds } = options;
  const session = await context.session();
  const access = readwrite ? 'push' : 'pull';
  const json = { issuer, claims: Object.fromEntries(claim), access, repositories, lifetimeSeconds };
  const trust = await session.ask(TRUST, { method: 'POST', path: '/v1/trusts', json });
  const human = listingOf([
    ['Trust identifier', trust.id],
    ['Issuer', trust.issuer],
    ['Claims', claimsText(trust)],
    ['Access', accessText(trust)],
    ['Repositories', repositoriesText(trust.repositories)],
    ['Lifetime', `${trust.lifetimeSeconds} s`],
  ]);
  await context.output.show(trust, human);
}

async function listTrusts(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const { trusts } = await session.ask(TRUSTS, { path: '/v1/trusts' });
  if (output.format === 'json') return output.jsonList(trusts);
  const rows = trusts.map(trust => [
    trust.id,
    trust.issuer,
    accessText(trust),
    repositoriesText(trust.repositories),
    claimsText(trust),
  ]);
  await output.line(tableOf(['TRUST ID', 'ISSUER', 'ACCESS', 'REPOSITORIES', 'CLAIMS'], rows));
}

function claimsText({ claims: named }: Trust): string {
  return Object.entries(named)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function accessText({ access }: Trust): string {
  return access === 'push' ? 'pull and push' : 'pull';
}
