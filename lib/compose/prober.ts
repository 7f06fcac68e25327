/** The prober: on a schedule it does over the public URL what a client does, and what none may. */
import { withHealth } from '../api/health.ts';
import { presignedUrl } from '../aws/signature.ts';
import { ConfigurationError } from '../config/config.ts';
import { otherEvent, refuseEvent, SCHEDULED } from '../http/event.ts';
import type { HttpResult } from '../http/request.ts';
import { SERVER_ID_HEADER, stsHostOf } from '../iam/aws-assertion.ts';
import type { Log } from '../ports/system.ts';
import { type Check, failuresIn } from '../probe/checks.ts';
import { basic, type Send } from '../probe/deployment.ts';
import { type ProbeOptions, probe } from '../probe/probe.ts';
import type { ExpiringCredential } from '../probe/refusals.ts';
import { accessOf, openParts, type Parts, type World } from './parts.ts';

/** How long is waited, in milliseconds. */
export interface ProbeLimits {
  readonly requestMs: number;
  /** Of the run, for the removal of the token. */
  readonly reserveMs: number;
}

const LIMITS: ProbeLimits = { requestMs: 5_000, reserveMs: 10_000 };

export interface Run {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** How many checks came out in each way. */
export type ProbeCounts = Readonly<Record<Check['outcome'], number>>;

export type Prober = (event: unknown, run: Run) => Promise<HttpResult | ProbeCounts>;

export function createProber(world: World, limits = LIMITS): Prober {
  const parts = openParts(world, ['url', 'services', 'probeNamespace']);
  const { config, clock, randomBytes, log, metrics } = parts;
  const [first, ...others] = config.services.map(({ name }) => name);
  if (first === undefined) throw new ConfigurationError(['PULLPASS_SERVICES names no service']);
  const assertions = callerAssertions(parts);
  // Of the run before in this process. Lambda keeps it for the next run, mostly; without it one check is skipped.
  let expiring: ExpiringCredential | undefined;
  const handler: Prober = async (event, run) => {
    const { awsRequestId: requestId } = run;
    const other = otherEvent(event);
    if (other !== undefined && other !== SCHEDULED) return refuseEvent(other, requestId, log);
    const probed = await probe({
      ...assertions,
      url: config.url,
      services: [first, ...others],
      namespace: config.probeNamespace,
      registers: true,
      expiring,
      send: sending(run, limits),
      clock,
      randomBytes,
    });
    expiring = probed.expiring;
    const { positive, negative } = failuresIn(probed.checks);
    // Also when they are none: an alarm tells a prober that is silent from one that finds nothing.
    metrics.count('PositiveProbesFailed', positive);
    metrics.count('NegativeProbesFailed', negative);
    metrics.flush({ requestId });
    return record(log, requestId, probed.checks);
  };
  // That it has started is all that can be known of it alone.
  return withHealth(handler, {});
}

/** One event for the run, and one for each check that failed or was not answered. */
function record(log: Log, requestId: string, checks: readonly Check[]): ProbeCounts {
  for (const { name, kind, outcome, detail } of checks) {
    if (outcome === 'failed' || outcome === 'unclear')
      log.error('probe-failed', { requestId, check: name, kind, outcome, reason: detail });
  }
  const numberOf = (wanted: Check['outcome']) => checks.filter(({ outcome }) => outcome === wanted).length;
  const counts = {
    passed: numberOf('passed'),
    failed: numberOf('failed'),
    unclear: numberOf('unclear'),
    skipped: numberOf('skipped'),
  };
  log.info('probed', { requestId, ...counts });
  return counts;
}

/** An assertion that was made for another deployment, or ten minutes ago. */
const ELSEWHERE = 'https://other-deployment.invalid';
const STALE_MS = 600_000;

/** AWS accepts one for five to fifteen minutes. Its seconds are counted on, because two equal assertions would be one. */
const LIFE_SECONDS = { min: 300, spread: 600 } as const;

/** The function proves that it is its own role. No other caller can: the keys of a role are in no other place. */
function callerAssertions(
  parts: Parts<'url'>,
): Pick<ProbeOptions, 'authorize' | 'badAssertions' | 'isOnceOnly'> {
  const { config, clock, randomBytes } = parts;
  const { region, credentials } = accessOf(config, 'dynamodb');
  const host = stsHostOf(region);
  if (host === undefined) throw new ConfigurationError([`AWS_REGION is ${region}, which has no known STS`]);
  let turn = Buffer.from(randomBytes(2)).readUInt16BE();
  const assert = async (url: string, nowMs: number) => {
    turn += 1;
    const assertion = presignedUrl({ region: host.region, service: 'sts' }, credentials, {
      host: host.name,
      headers: { [SERVER_ID_HEADER]: url },
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      expiresInSeconds: LIFE_SECONDS.min + (turn % LIFE_SECONDS.spread),
      nowMs,
    });
    return basic('awsiam', assertion);
  };
  return {
    isOnceOnly: true,
    authorize: () => assert(config.url, clock()),
    badAssertions: {
      'stale-assertion': () => assert(config.url, clock() - STALE_MS),
      'assertion-for-other-deployment': () => assert(ELSEWHERE, clock()),
    },
  };
}

/** Within the time of the run; its end is for the removal of the token. */
function sending(run: Run, { requestMs, reserveMs }: ProbeLimits): Send {
  return async (url, sent) => {
    const leftMs = run.getRemainingTimeInMillis() - (sent.method === 'DELETE' ? 0 : reserveMs);
    if (leftMs <= 0) throw new Error('The prober has no time left.');
    const signal = AbortSignal.timeout(Math.min(requestMs, leftMs));
    const response = await fetch(url, { ...sent, redirect: 'manual', signal });
    const requestId = response.headers.get('x-request-id') ?? undefined;
    return { status: response.status, text: await response.text(), requestId };
  };
}
