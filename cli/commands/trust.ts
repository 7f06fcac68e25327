/** `trust-add`, `trust-list` and `trust-rm`: which workloads of build platforms may log in. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { claims, identifiers, patterns, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { addGroup } from '../group.ts';
import { removeEach } from '../remove-each.ts';
import { listingOf, tableOf } from '../table.ts';
import { repositoriesText } from '../tokens.ts';

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
