/**
 * Notifications of registries that verify access tokens themselves (distribution `docs/content/about/notifications.md`): what was
 * pulled there. Such a registry sends what was refused again and again, so an event that says nothing of a pull is taken, and ignored.
 */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { isDigest, isTag } from '../domain/distribution.ts';
import { PullpassError, unauthenticated } from '../domain/errors.ts';
import { isUuid } from '../domain/identifiers.ts';
import { isRepository } from '../domain/repository.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import { parseAuthorization } from '../http/credentials.ts';
import type { HandlerOf, Request, RequestHead, Response } from '../http/request.ts';
import type { NotificationSecrets } from '../ports/others.ts';
import type { Log, Metrics } from '../ports/system.ts';
import { countReported, type PullPorts } from '../usecases/pulls.ts';
import { knownServiceIn } from './services.ts';

export interface NotificationHandlerOptions {
  readonly pulling: Pick<PullPorts, 'usage' | 'store' | 'clock'>;
  readonly secrets: NotificationSecrets;
  readonly services: readonly Service[];
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Members that are not read here are the registry's own business. */
const EVENTS = v.object({ events: v.pipe(v.array(v.unknown()), v.readonly()) });

const TOKEN = 'token:';
/** Manifests of images, and not lists of them (distribution `manifest/`, OCI image specification). */
const IMAGE = /^application\/vnd\.[a-z.]+\.manifest\.v[12]\+/;

const text = (most: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(most));
const shown = (most: number) => v.fallback(v.optional(text(most)), undefined);

/** A pull of an image by a registry token, or by a credential of it (distribution `notifications/event.go`). */
const PULL = v.object({
  id: text(128),
  timestamp: v.pipe(
    text(64),
    v.transform(Date.parse),
    v.number(),
    v.check(ms => !Number.isNaN(ms)),
  ),
  action: v.literal('pull'),
  target: v.object({
    mediaType: v.pipe(v.string(), v.regex(IMAGE)),
    repository: v.pipe(v.string(), v.check(isRepository)),
    digest: v.fallback(v.optional(v.pipe(v.string(), v.check(isDigest))), undefined),
    tag: v.fallback(v.optional(v.pipe(v.string(), v.check(isTag))), undefined),
  }),
  request: v.object({ method: v.literal('GET'), addr: shown(255), useragent: shown(1024) }),
  actor: v.object({
    name: v.pipe(
      v.string(),
      v.check(name => name.startsWith(TOKEN) && isUuid(name.slice(TOKEN.length))),
    ),
  }),
});

type Pull = v.InferOutput<typeof PULL>;

export function notificationHandlers(options: NotificationHandlerOptions) {
  return {
    async takeEvents(head) {
      const service = await reportingService(options, head);
      return request => take(options, service, request);
    },
  } satisfies { takeEvents: HandlerOf['notifications'] };
}

/** Every refusal is the same: whether a service takes notifications is not for strangers. */
async function reportingService(
  { secrets, services, pulling }: NotificationHandlerOptions,
  head: RequestHead,
): Promise<Service> {
  const authorization = parseAuthorization(head.headers.authorization);
  if (authorization?.scheme !== 'basic')
    throw unauthenticated('notifications: no Basic credentials', 'no-secret');
  const service = knownServiceIn(head, services);
  if (service?.notifications === undefined)
    throw unauthenticated(`notifications: none are taken for ${service?.name ?? 'an unknown service'}`);
  const { password } = authorization;
  if (!(await secrets.matches(service.notifications, password, pulling.clock())))
    throw unauthenticated(`notifications of ${service.name}: another secret`, 'unknown-secret');
  return service;
}

async function take(
  { pulling, log, metrics }: NotificationHandlerOptions,
  service: Service,
  { json, requestId }: Request,
): Promise<Response> {
  const envelope = v.safeParse(EVENTS, json);
  if (!envelope.success)
    throw new PullpassError('invalid-request', { detail: 'The body must have a list of events.' });
  for (const event of envelope.output.events) {
    const { success, output: pull } = v.safeParse(PULL, event);
    if (!success || !(await countReported(pulling, reported(service, pull)))) continue;
    log.info('pulled', { requestId, registryService: service.name, ...shownOf(pull) });
    metrics.count('Pulls');
  }
  return { status: 204 };
}

function reported(service: Service, { id, timestamp, target, actor }: Pull) {
  return {
    event: `${service.name} ${id}`,
    token: actor.name.slice(TOKEN.length),
    repository: target.repository,
    at: toSeconds(timestamp),
  };
}

function shownOf({ target, request, actor }: Pull) {
  const { repository, digest, tag } = target;
  const address = request.addr?.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1') ?? '';
  return {
    ...(isIP(address) === 0 ? {} : { sourceAddress: address }),
    subject: actor.name,
    repository,
    tag,
    digest,
    client: request.useragent,
  };
}
