/** The route of an account's usage. */
import { isUuid } from '../domain/identifiers.ts';
import { isRepository } from '../domain/repository.ts';
import { type CounterName, isDay } from '../domain/usage.ts';
import { type Form, single } from '../http/form.ts';
import type { Response } from '../http/request.ts';
import { listUsage, type UsagePorts } from '../usecases/list-usage.ts';
import {
  invalid,
  limitOf,
  type ManagementHandlers,
  type ManagementRequest,
  readTextCursor,
  writeTextCursor,
} from './parameters.ts';
import type { Usage } from './responses.ts';

export function usageHandlers(ports: UsagePorts) {
  return { listUsage: request => list(ports, request) } satisfies ManagementHandlers;
}

async function list(ports: UsagePorts, request: ManagementRequest): Promise<Response> {
  const { account } = request.principal;
  const { query } = request;
  const cursor = single(query, 'cursor');
  const asked = {
    account,
    token: parameterIn(query, 'token')?.toLowerCase(),
    repository: parameterIn(query, 'repository'),
    from: parameterIn(query, 'from'),
    to: parameterIn(query, 'to'),
    limit: limitOf(request),
    after: cursor === undefined ? undefined : fromText(readTextCursor(account, cursor)),
  };
  const { from, to, counters, next } = await listUsage(ports, asked);
  const json: Usage = {
    from,
    to,
    usage: [...counters],
    nextCursor: next === undefined ? null : writeTextCursor(account, toText(next)),
  };
  return { status: 200, json };
}

const A_DAY = [isDay, 'must be a day as in 2026-11-21'] as const;
const PARAMETERS = {
  token: [
    (text: string) => isUuid(text.toLowerCase()),
    'must be a UUID, as the lists show it; the value of a token is not its identifier',
  ],
  repository: [isRepository, 'must be the whole name of a repository, as in team-a/app'],
  from: A_DAY,
  to: A_DAY,
} as const;

function parameterIn(query: Form, name: keyof typeof PARAMETERS): string | undefined {
  const [accepts, message] = PARAMETERS[name];
  const value = single(query, name);
  if (value === undefined || accepts(value)) return value;
  throw invalid([{ path: name, message }], 'query');
}

/** None of the parts has a blank. */
function toText({ day, token, repository }: CounterName): string {
  return [day, token, repository].join(' ');
}

function fromText(text: string): CounterName {
  const [day = '', token = '', repository = ''] = text.split(' ');
  return { day, token, repository };
}
