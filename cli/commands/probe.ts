/** `probe`: makes a token, logs in and removes it again, and tries what the deployment must refuse. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { type Check, failuresIn } from '../../lib/probe/checks.ts';
import { basic, type Send } from '../../lib/probe/deployment.ts';
import { type ProbeOptions, probe } from '../../lib/probe/probe.ts';
import { namespace } from '../arguments.ts';
import type { Context } from '../context.ts';
import { CliError, SilentExit } from '../errors.ts';
import { boundedFetch } from '../http.ts';
import type { Credentials, StoredLogin } from '../login.ts';
import type { Session } from '../session.ts';
import { NAMESPACES } from './unheld-namespaces.ts';

interface Options {
  readonly namespace?: string;
  readonly wait?: true;
}

/** The exit code for something that works and must be refused; one for anything that does not work. */
const BREACH = 3;

/** Older than the five minutes in which a deployment accepts an assertion of AWS. */
const STALE_MS = 600_000;

const ELSEWHERE = 'https://other-deployment.invalid';

export function addProbe(program: Command, context: Context): void {
  program
    .command('probe')
    .description('try whether logins work, and whether what must be refused is refused')
    .helpGroup('Finding out:')
    .option(
      '--namespace <namespace>',
      'the namespace to log in to; by default the first of the account',
      namespace,
    )
    .option('--wait', 'wait a minute, to see that a credential which has expired is refused')
    .action((options: Options) => runProbe(context, options));
}

async function runProbe(context: Context, given: Options): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const isHuman = output.format === 'human';
  const { checks } = await probe({
    ...(await probeOptions(context, session, given)),
    tell: async check => {
      if (isHuman) await output.line(inWords(check));
    },
  });
  const { positive, negative } = failuresIn(checks);
  if (!isHuman) await output.show({ healthy: positive + negative === 0, positive, negative, checks }, '');
  if (negative > 0) throw new SilentExit(BREACH);
  if (positive > 0) throw new SilentExit();
}

async function probeOptions(context: Context, session: Session, given: Options): Promise<ProbeOptions> {
  const { target } = session;
  const { clock, timeouts, environment } = context;
  const login = session.stored();
  requireIdentity(login, target.name);
  const [first, ...others] = target.services.map(({ name }) => name);
  if (first === undefined)
    throw new CliError(`${target.url} serves no registry.`, { code: 'unknown-service' });
  return {
    url: target.url,
    services: [first, ...others],
    namespace: given.namespace ?? (await firstNamespace(session)),
    registers: false,
    ...(login.kind === 'aws' ? awsAssertions(context, session, login) : {}),
    authorize: distinct(() => session.credentials()),
    send: sending(timeouts.requestMs, environment.network),
    clock,
    randomBytes,
    ...(given.wait ? { wait: sleep } : {}),
  };
}

function requireIdentity({ kind }: StoredLogin, target: string): void {
  if (kind === 'iam' || kind === 'aws') return;
  throw new CliError(
    'A probe needs the login of an administrator, and this one only logs in to registries.',
    {
      code: 'not-an-administrator-credential',
      next: `Log in with an API key or with AWS: pullpass login --target ${target}`,
    },
  );
}

async function firstNamespace(session: Session): Promise<string> {
  const { namespaces } = await session.ask(NAMESPACES, { path: '/v1/namespaces' });
  const [first] = namespaces;
  if (first !== undefined) return first.name;
  throw new CliError('The account has no namespace to log in to.', {
    code: 'no-namespace',
    next: 'Register one with: pullpass namespace-add NAME',
  });
}

/** What AWS has signed is refused when it is old, and when it was signed for another deployment. */
function awsAssertions(
  { clock, environment: { network } }: Context,
  { target }: Session,
  { region }: StoredLogin & { readonly kind: 'aws' },
): Pick<ProbeOptions, 'badAssertions' | 'isOnceOnly'> {
  const assert = async (url: string, nowMs: number): Promise<Credentials> => {
    const { awsAssertion } = await import('../aws.ts');
    return { userName: 'awsiam', password: await awsAssertion(url, region, { nowMs, network }) };
  };
  return {
    isOnceOnly: true,
    badAssertions: {
      'stale-assertion': distinct(() => assert(target.url, clock() - STALE_MS)),
      'assertion-for-other-deployment': distinct(() => assert(ELSEWHERE, clock())),
    },
  };
}

/** AWS signs whole seconds, and two equal assertions are one, which manages once. A secret of another kind may repeat. */
function distinct(make: () => Promise<Credentials>): () => Promise<string> {
  const before = new Set<string>();
  return async () => {
    for (;;) {
      const { userName, password } = await make();
      const header = basic(userName, password.reveal());
      if (userName !== 'awsiam' || !before.has(header)) {
        before.add(header);
        return header;
      }
    }
  };
}

function sending(timeoutMs: number, network: Context['environment']['network']): Send {
  return async (url, sent) => {
    const { status, text, headers } = await boundedFetch(url, { ...sent, timeoutMs, network });
    return { status, text, requestId: headers.get('x-request-id') ?? undefined };
  };
}

const MARKS: Readonly<Record<Check['outcome'], string>> = {
  passed: 'ok     ',
  failed: 'PROBLEM',
  unclear: 'unclear',
  skipped: 'skipped',
};

function inWords({ name, kind, outcome, detail }: Check): string {
  const mark = kind === 'negative' && outcome === 'failed' ? 'BREACH ' : MARKS[outcome];
  const passed = kind === 'negative' ? 'is refused.' : 'works.';
  return `${mark}  ${name}: ${detail ?? passed}`;
}
