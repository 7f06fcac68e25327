/** `explain` and `trust-test`: why a login gets what it gets, as the deployment decides it. */
import type { Command } from 'commander';
import * as v from 'valibot';
import { EXPLANATION, STEP } from '../../lib/api/responses.ts';
import { toRfc3339 } from '../../lib/domain/time.ts';
import { type Moment, moment, timeOf } from '../arguments.ts';
import { claimsInFile, claimsOfJwt } from '../claims.ts';
import type { Context } from '../context.ts';
import { SilentExit, UsageError } from '../errors.ts';
import { listingOf } from '../text.ts';
import { tokenArgument, tokenId } from '../token-id.ts';
import type { Verb } from './verbs.ts';

// Members and words that this version does not know are printed, too.
const ANY_STEP = v.looseObject({ ...STEP.entries, check: v.string(), result: v.string() });
const ANY_EXPLANATION = v.looseObject({
  ...EXPLANATION.entries,
  decision: v.string(),
  steps: v.array(ANY_STEP),
});
type AnyExplanation = v.InferOutput<typeof ANY_EXPLANATION>;

/** What a login is asked for, beside whose it is. */
interface Login {
  readonly service?: string;
  readonly scope?: readonly string[];
  readonly address?: string;
  readonly at?: Moment;
}

interface Whose {
  readonly token?: string;
  readonly subject?: string;
  readonly claimsFile?: string;
  readonly request?: string;
}

export function addExplain(program: Command, context: Context): void {
  const command = program
    .command('explain')
    .description('explain what a login would get, check by check')
    .helpGroup('Finding out:')
    .option('--token <token>', 'of this token', tokenArgument)
    .option('--subject <id>', 'of this IAM id')
    .option('--claims-file <file>', 'of a workload: the payload of its token, as JSON')
    .option(
      '--request <id>',
      'of a login that was refused within the last day: the request id that the client printed',
    );
  withLogin(command).action((options: Whose & Login) => explain(context, options));
}

/** The verb of trusts. The signature stays here: the deployment gets what the token says. */
export function testVerb(context: Context): Verb {
  return {
    name: 'test',
    description: 'say which trust matches the token of a build, or which claim is the first that differs',
    build: command =>
      withLogin(command.requiredOption('--jwt-file <file>', 'the OIDC token of a build')).action(
        ({ jwtFile, ...login }: Login & { readonly jwtFile: string }) => testTrusts(context, jwtFile, login),
      ),
  };
}

function withLogin(command: Command): Command {
  return command
    .option('--service <service>', 'the registry that the login is for')
    .option(
      '--scope <scope>',
      'what it asks for, as in repository:team-a/app:pull; may be given several times',
      each,
    )
    .option('--address <address>', 'where it comes from')
    .option('--at <time>', 'when, as in 2026-11-21T07:00:00Z (default: now)', moment);
}

const each = (text: string, before: readonly string[] = []): string[] => [...before, text];

async function explain(
  context: Context,
  { token, subject, claimsFile, request: requestId, ...login }: Whose & Login,
): Promise<void> {
  const given = [token, subject, claimsFile, requestId].filter(option => option !== undefined);
  if (given.length !== 1) {
    throw new UsageError('Give one of --token, --subject, --claims-file and --request.');
  }
  if (requestId !== undefined && Object.keys(login).length > 0) {
    throw new UsageError(
      '--request goes alone: the refused login had its own service, scope, address and time.',
    );
  }
  const claims = claimsFile === undefined ? undefined : await claimsInFile(claimsFile);
  await show(context, await ask(context, { token, subject, claims, requestId }, login));
}

async function testTrusts(context: Context, file: string, login: Login): Promise<void> {
  const explanation = await ask(context, { claims: await claimsOfJwt(file) }, login);
  await show(context, explanation);
  const isTrusted = explanation.steps.some(({ check, result }) => check === 'trust' && result === 'passed');
  if (!isTrusted || explanation.decision === 'refused') throw new SilentExit();
}

async function ask(
  context: Context,
  { token: beginning, ...whose }: { readonly token?: string | undefined; readonly [fact: string]: unknown },
  { service, scope, address, at }: Login,
): Promise<AnyExplanation> {
  const session = await context.session();
  const time = at === undefined ? undefined : toRfc3339(timeOf(at, context.clock(), 'first'));
  const token = beginning && (await tokenId(session, beginning));
  const json = { ...whose, token, service, scope: scope?.join(' '), address, at: time };
  return session.ask(ANY_EXPLANATION, { method: 'POST', path: '/v1/explain', json });
}

async function show({ output }: Context, explanation: AnyExplanation): Promise<void> {
  const { decision, granted, steps } = explanation;
  const grants = granted.map(({ name, actions }) => `${name}:${actions.join(',')}`);
  await output.show(explanation, [
    ...listingOf([
      ['Decision', decision],
      ['Granted', grants.join(' ') || 'nothing'],
    ]),
    '',
    ...steps.map(({ check, result, detail }) => `${result.padEnd(6)}   ${check}: ${detail}`),
  ]);
}
