/** The route that explains to administrators what a login would get. */
import { invalidBody, PullpassError } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { DAY_SECONDS, toSeconds } from '../domain/time.ts';
import type { Response } from '../http/request.ts';
import { type Explained, type ExplainPorts, explain } from '../usecases/explain.ts';
import { explainRefusal, type RefusalReadPorts } from '../usecases/refusals.ts';
import { explainSchema, hasListOfClaims, NO_CLAIMS } from './explain-request.ts';
import { checkBody, type ManagementHandlers, type ManagementRequest } from './parameters.ts';
import type * as answers from './responses.ts';
import { serviceNamed } from './services.ts';

export interface ExplainHandlerOptions {
  readonly ports: ExplainPorts & RefusalReadPorts;
  readonly services: readonly Service[];
}

/** What is stored now says little of times further away. */
const MAX_DAYS = 366;

export function explainHandlers({ ports, services }: ExplainHandlerOptions) {
  return {
    async explainLogin(request) {
      const { account, issuer } = request.principal.identity;
      if (hasListOfClaims(request.json)) throw invalidBody([{ path: 'claims', message: NO_CLAIMS }]);
      const { service: name, scope, address, at, ...of } = checkBody(explainSchema(issuer), request.json);
      checkTime(at, toSeconds(ports.clock()));
      if (of.requestId !== undefined) {
        const explanation = await explainRefusal(ports, account, of.requestId);
        return responseOf(request, 'requestId', explanation);
      }
      const explained = explainedIn(of);
      const service = serviceOf(name, services);
      const explanation = await explain(ports, { account, issuer, explained, service, scope, address, at });
      return responseOf(request, explained.kind, explanation);
    },
  } satisfies ManagementHandlers;
}

/** The claims are not logged: they are not ours, and may say more than their sender meant. */
function responseOf(
  { principal: { account, subject } }: ManagementRequest,
  explained: 'requestId' | Explained['kind'],
  explanation: answers.Explanation,
): Response {
  const fields = { account, subject, explained, decision: explanation.decision };
  return { status: 200, json: explanation, event: { level: 'info', message: 'explained', fields } };
}

interface Whose {
  readonly token?: string | undefined;
  readonly subject?: Extract<Explained, { kind: 'subject' }>['subject'] | undefined;
  readonly claims?: unknown;
}

function explainedIn({ token, subject, claims }: Whose): Explained {
  if (token !== undefined) return { kind: 'token', id: token };
  return subject === undefined ? { kind: 'claims', claims } : { kind: 'subject', subject };
}

/** The first where none is named, because it decides nothing of what is granted; a text: why there is none. */
function serviceOf(name: string | undefined, services: readonly Service[]): Service | string {
  const [first] = services;
  if (name === undefined && first !== undefined) return first;
  try {
    return serviceNamed(name, services);
  } catch (error) {
    if (error instanceof PullpassError && error.code === 'unknown-service')
      return String(error.details.detail);
    throw error;
  }
}

function checkTime(at: number | undefined, now: number): void {
  if (at === undefined || Math.abs(at - now) <= MAX_DAYS * DAY_SECONDS) return;
  throw invalidBody([{ path: 'at', message: `must be within ${MAX_DAYS} days of now` }]);
}
