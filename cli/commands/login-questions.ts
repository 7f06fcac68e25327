/** The questions of `login` to a user at a terminal who has not said where to log in, or with what. */
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { targetNamed } from '../home.ts';
import { parseTargetUrl } from '../target.ts';
import { hasSource, type LoginOptions } from './login-source.ts';

const MAX_TRIES = 3;

/** What a user may log in with, and the option for it; the secret itself is asked for where it is read. */
const KINDS: readonly (readonly [description: string, options: LoginOptions])[] = [
  ['an API key of the IAM', { apikeyStdin: true }],
  ['a registry token (plp_…)', { tokenStdin: true }],
  ['the OIDC token of a workload', { oidcTokenStdin: true }],
  ['the AWS role or user of this machine', { aws: true }],
];

/** The options with what the user has answered; as they are where nothing is missing, and without a terminal. */
export async function answered(options: LoginOptions, context: Context): Promise<LoginOptions> {
  if (!context.input.isTerminal) return options;
  const url = options.url ?? (await askUrl(options, context));
  const kind = hasSource(options, context) ? {} : await askKind(context);
  return { ...options, ...(url === undefined ? {} : { url }), ...kind };
}

/** Undefined: the URL is that of the target. A user who gives options wants the current target unless they name another. */
async function askUrl(options: LoginOptions, context: Context): Promise<string | undefined> {
  const state = await context.home.read();
  const current = state.current === null ? undefined : targetNamed(state, state.current)?.url;
  const isKnown = current !== undefined && hasSource(options, context);
  if (context.targetName !== undefined || isKnown) return undefined;
  const usual = current === undefined ? '' : ` [${current}]`;
  return askUntilValid(context, `URL of the deployment${usual}: `, answer =>
    parseTargetUrl(answer === '' ? (current ?? '') : answer),
  );
}

async function askKind(context: Context): Promise<LoginOptions> {
  const lines = KINDS.map(([description], i) => `  ${i + 1}  ${description}`);
  await context.stderr.lines(['Log in with', ...lines]);
  return askUntilValid(context, 'Number [1]: ', answer => {
    const kind = KINDS[Number(answer === '' ? 1 : answer) - 1];
    if (kind !== undefined) return kind[1];
    throw new UsageError(`Type a number from 1 to ${KINDS.length}.`);
  });
}

/** Asks again, a few times, while `parse` throws UsageError. */
async function askUntilValid<T>(
  { input, stderr }: Context,
  question: string,
  parse: (answer: string) => T,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const answer = await input.ask(question);
    try {
      return parse(answer);
    } catch (error) {
      if (!(error instanceof UsageError) || tries === MAX_TRIES) throw error;
      await stderr.line(error.message);
    }
  }
}
