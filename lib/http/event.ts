/** What a function is invoked with: an HTTP request as the chain reads it, or the name of what it is instead. */

import { PullpassError } from '../domain/errors.ts';
import type { Log } from '../ports/system.ts';
import { encodeResponse, errorResponse } from './answer.ts';
import type { HttpEvent, HttpResult } from './request.ts';

type Facts = Readonly<Record<string, unknown>>;

/** Of EventBridge, without an input. */
export const SCHEDULED = 'a scheduled event';

/** What else invokes functions, by what its events have and no others do. */
const OTHERS: readonly (readonly [name: string, is: (event: Facts) => boolean])[] = [
  ['a request of an Application Load Balancer', ({ requestContext }) => 'elb' in factsOf(requestContext)],
  ['a request of a WebSocket API', ({ requestContext }) => 'connectionId' in factsOf(requestContext)],
  ['a request of VPC Lattice', ({ requestContext }) => 'serviceArn' in factsOf(requestContext)],
  ['a question for a Lambda authorizer', ({ methodArn, routeArn }) => isText(methodArn) || isText(routeArn)],
  ['a request of payload format 1.0', ({ httpMethod }) => isText(httpMethod)],
  ['records of a queue or a stream', ({ Records }) => Array.isArray(Records)],
  ['a warm-up ping', event => isWarmUp(event)],
  [SCHEDULED, ({ source }) => source === 'aws.events'],
  ['an event of EventBridge', event => 'detail-type' in event],
];

/** As serverless-plugin-warmup, lambda-warmer and people write it. */
function isWarmUp({ source, warmup, warmUp, warmer, ping }: Facts): boolean {
  if (typeof source === 'string' && /warm-?up/i.test(source)) return true;
  return [warmup, warmUp, warmer, ping].some(mark => mark !== undefined && mark !== false);
}

/** What an event is that is no request of payload format 2.0; undefined: none of what is known here. */
export function otherEvent(event: unknown): string | undefined {
  const facts = factsOf(event);
  if (isRequest(facts)) return undefined;
  return OTHERS.find(([, is]) => is(facts))?.[0];
}

/** The request in an event, with its path as its routes have it; the name of the event where it is none. */
export function readEvent(event: unknown): HttpEvent | string {
  const facts = factsOf(event);
  if (!isRequest(facts)) return otherEvent(event) ?? 'an unknown event';
  const request = facts as unknown as HttpEvent;
  return {
    ...request,
    rawPath: pathOf(request),
    rawQueryString: request.rawQueryString ?? '',
    headers: request.headers ?? {},
  };
}

/** Answers 400, and logs what came: the function was connected to something else. */
export function refuseEvent(name: string, requestId: string | undefined, log: Log): HttpResult {
  log.warn('unexpected-event', { requestId, received: name });
  const detail = `This function answers requests of payload format 2.0; this is ${name}.`;
  const { headers, ...rest } = errorResponse(
    new PullpassError('invalid-request', { detail }),
    undefined,
    requestId ?? '',
  );
  return encodeResponse({ ...rest, headers: { 'cache-control': 'no-store', ...headers } });
}

function isRequest({
  version,
  rawPath,
  rawQueryString,
  headers,
  body,
  cookies,
  requestContext,
}: Facts): boolean {
  const { http, requestId, connectionId } = factsOf(requestContext);
  const { method, sourceIp } = factsOf(http);
  return (
    version === '2.0' &&
    connectionId === undefined &&
    [rawPath, requestId, method, sourceIp].every(isText) &&
    [rawQueryString, body].every(value => isText(value) || isAbsent(value)) &&
    (isAbsent(headers) || Object.values(factsOf(headers)).every(value => isText(value) || isAbsent(value))) &&
    (isAbsent(cookies) || (Array.isArray(cookies) && cookies.every(isText)))
  );
}

/**
 * The path without what a platform puts in front of it: the stage of an HTTP API, or the one segment that maps a domain
 * to it. Only as the route that the platform found says: clients may write anything there.
 */
function pathOf({ rawPath, routeKey, requestContext: { stage } }: HttpEvent): string {
  const [, ...segments] = rawPath.split('/');
  const [, template] = isText(routeKey) ? routeKey.split(' ') : [];
  if (template !== undefined && !template.includes('+')) {
    const [first, ...rest] = segments;
    const isMapped = first !== undefined && !fits(segments, template) && fits(rest, template);
    return isMapped ? `/${rest.join('/')}` : rawPath;
  }
  const isStaged = isText(stage) && stage !== '$default' && segments[0] === stage;
  return isStaged ? `/${segments.slice(1).join('/')}` : rawPath;
}

/** Whether the segments are those of a route, `{name}` being any one. */
function fits(segments: readonly string[], template: string): boolean {
  const expected = template.split('/').slice(1);
  return (
    segments.length === expected.length &&
    expected.every((segment, i) => segment.startsWith('{') || segment === segments[i])
  );
}

function factsOf(value: unknown): Facts {
  return typeof value === 'object' && value !== null ? (value as Facts) : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
