/** Checks that the deployment answers, is healthy, has the right time, and is the one that the target names. */

import { toSeconds } from '../../lib/domain/time.ts';
import type { Context } from '../context.ts';
import { type Discovered, discover, requireSameIssuer } from '../discovery.ts';
import { CliError } from '../errors.ts';
import { boundedFetch, type HttpResponse } from '../http.ts';
import type { Network } from '../network.ts';
import type { Session } from '../session.ts';
import type { Target } from '../target.ts';
import type { CheckResult, Findings } from './findings.ts';

/** Seconds between two clocks: assertions may be refused from the first on, access tokens from the second on. */
const SKEW = { warning: 30, problem: 60 } as const;

/** Answers what the deployment says of itself; undefined when it does not. */
export async function examineDeployment(
  findings: Findings,
  session: Session,
  { clock, timeouts, environment }: Pick<Context, 'clock' | 'timeouts' | 'environment'>,
): Promise<Discovered | undefined> {
  const { target, broker } = session;
  const answer = await findings.check('deployment', () =>
    reach(target, timeouts.requestMs, environment.network),
  );
  if (answer === undefined) {
    for (const check of ['health', 'clock', 'metadata'])
      await findings.skip(check, 'a deployment that answers');
    return undefined;
  }
  await findings.check('health', () => healthOf(answer));
  await findings.check('clock', () => skewOf(answer, toSeconds(clock())));
  return findings.check('metadata', async () => metadataOf(target, await discover(broker)));
}

async function reach(
  { name, url }: Target,
  timeoutMs: number,
  network: Network,
): Promise<CheckResult<HttpResponse>> {
  const proxy = network.proxyFor(new URL(url));
  const fact = await boundedFetch(`${url}/health`, { method: 'GET', headers: {}, timeoutMs, network });
  const way = proxy === undefined ? '' : `, through the proxy ${proxy.url.origin} (${proxy.variable})`;
  return { fact, message: `${url} (target ${name}) answers${way}.` };
}

function healthOf({ status, text }: HttpResponse): CheckResult<true> {
  if (status === 200) return { fact: true, message: 'It can read its store, and sign.' };
  throw new CliError(`It answers ${status} at /health: it is not healthy. ${detailIn(text)}`.trimEnd(), {
    next: 'Ask its operator: the log of the deployment says what is missing.',
  });
}

/** What a problem document says of itself (RFC 9457); nothing where there is none. */
function detailIn(text: string): string {
  try {
    const { detail } = Object(JSON.parse(text)) as { detail?: unknown };
    return typeof detail === 'string' ? detail : '';
  } catch {
    return '';
  }
}

/** RFC 9110 section 6.6.1: the date is the one of the answer, in whole seconds. */
function skewOf({ headers }: HttpResponse, now: number): CheckResult<number> {
  const date = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(date)) {
    return { fact: 0, message: 'Its response has no date.', warning: 'Compare the clocks by hand.' };
  }
  const skew = Math.abs(now - toSeconds(date));
  const message = `The clocks of this machine and the deployment differ by ${skew} s.`;
  const advice = 'Correct the clock that is wrong; a time server is best.';
  if (skew > SKEW.problem) throw new CliError(message, { next: advice });
  return { fact: skew, message, ...(skew > SKEW.warning ? { warning: advice } : {}) };
}

function metadataOf(target: Target, found: Discovered): CheckResult<Discovered> {
  requireSameIssuer(target, found);
  const registries = found.services.map(({ registry }) => registry).join(', ');
  const message = `It has that URL, and serves ${registries || 'no registry'}.`;
  if (JSON.stringify(found.services) === JSON.stringify(target.services)) return { fact: found, message };
  const warning = `It serves other registries than this target lists; update the list with: pullpass target-add ${target.name} ${target.url}`;
  return { fact: found, message, warning };
}
