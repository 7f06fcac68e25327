/** `trust-add`, `trust-list`, `trust-test` and `trust-rm`. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { TRUST } from '../../lib/api/responses.ts';
import { claims, identifier, networkOption, repositoryOption, seconds } from '../arguments.ts';
import type { Context } from '../context.ts';
import { accessText, claimsText, listingOf, repositoriesText, trustText } from '../text.ts';
import { testVerb } from './explain.ts';
import { NOT_FOUND, removeVerb } from './removal.ts';
import { warnOfUnheld } from './unheld-namespaces.ts';
import { addNoun, listVerb } from './verbs.ts';

// Members that this version does not know are printed with `--output json`.
// A deployment of before there were networks does not send them.
const ANY_TRUST = v.looseObject({ ...TRUST.entries, networks: v.optional(TRUST.entries.networks) });
const TRUSTS = v.object({ trusts: v.array(ANY_TRUST) });

interface NewTrust {
  readonly issuer: string;
  readonly claim: ReadonlyMap<string, string>;
  readonly readwrite?: true;
  readonly repository?: readonly string[];
  readonly network?: readonly string[];
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
            .requiredOption('--issuer <issuer>', 'the build platform, as "pullpass issuers" lists it')
            .requiredOption(
              '--claim <name=value>',
              'a claim of the token, exactly; given once for each claim',
              claims,
            )
            .option('--readwrite', 'they may push, too')
            .addOption(repositoryOption())
            .addOption(networkOption())
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
      testVerb(context),
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
          return ids.map(id => known.get(id) ?? NOT_FOUND);
        },
      }),
    ],
  });
}

async function addTrust(context: Context, options: NewTrust): Promise<void> {
  const { issuer, claim, readwrite, repository, network, lifetime } = options;
  const session = await context.session();
  const access = readwrite ? 'push' : 'pull';
  const bounds = { access, repositories: repository, networks: network, lifetimeSeconds: lifetime };
  const json = { issuer, claims: Object.fromEntries(claim), ...bounds };
  const trust = await session.ask(ANY_TRUST, { method: 'POST', path: '/v1/trusts', json });
  const human = listingOf([
    ['Trust identifier', trust.id],
    ['Issuer', trust.issuer],
    ['Claims', claimsText(trust.claims)],
    ['Access', accessText(trust.access)],
    ['Repositories', repositoriesText(trust.repositories)],
    ...networksRow(trust),
    ['Lifetime', `${trust.lifetimeSeconds} s`],
  ]);
  await context.output.show(trust, human);
  await warnOfUnheld(context, session, trust);
}

function networksRow({ networks }: v.InferOutput<typeof ANY_TRUST>): [name: string, value: string][] {
  return networks == null ? [] : [['Networks', networks.join(', ')]];
}
