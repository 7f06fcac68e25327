/** `issuers`: the build platforms that trusts can name, and what a trust must name of each. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { ISSUER_LIST, PLATFORM, type REQUIRED_CLAIMS, WORKLOAD_ISSUER } from '../../lib/api/responses.ts';
import type { Context } from '../context.ts';

// Members that this version does not know are printed with `--output json`.
const ANY_LIST = v.looseObject({
  audience: ISSUER_LIST.entries.audience,
  issuers: v.array(v.looseObject(WORKLOAD_ISSUER.entries)),
  platforms: v.array(v.looseObject(PLATFORM.entries)),
});

type RequiredClaims = v.InferOutput<typeof REQUIRED_CLAIMS>;

export function addIssuers(program: Command, context: Context): void {
  program
    .command('issuers')
    .description('list the build platforms that trusts can name, and the claims that a trust must name')
    .option('--platforms', 'list the kinds of platforms that the configuration can name, instead')
    .action((options: { readonly platforms?: true }) => listIssuers(context, options.platforms === true));
}

async function listIssuers(context: Context, platforms: boolean): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const list = await session.ask(ANY_LIST, { path: '/v1/issuers' });
  if (output.format === 'json') return output.show(list, '');
  const last = ['REQUIRED CLAIMS', 'FOR PUSH, ONE OF'] as const;
  if (platforms) {
    const headings = ['PLATFORM', 'NAME', ...last];
    return output.showTable(list.platforms, headings, one => [
      one.platform,
      one.name,
      ...requiredText(one.requiredClaims),
    ]);
  }
  await output.showTable(list.issuers, ['ISSUER', 'PLATFORM', 'URL', ...last], one => [
    one.key,
    one.platform,
    one.issuer,
    ...requiredText(one.requiredClaims),
  ]);
  output.note(`Their tokens log in with the audience ${list.audience}`);
}

function requiredText({ always, forPush }: RequiredClaims): [string, string] {
  const push = forPush.map(names => names.join(', ')).join('; and of ');
  return [always.join(', ') || 'none', push || 'none'];
}
