/** The routes of an account's rules for its tokens and credentials. */
import type { AccountRules } from '../domain/account-rules.ts';
import { invalidBody } from '../domain/errors.ts';
import { single } from '../http/form.ts';
import type { Response } from '../http/request.ts';
import type { TokenStore } from '../ports/stores.ts';
import { listBreaking, rulesOf, type SetRulesPorts, setRules } from '../usecases/account-rules.ts';
import {
  actorOf,
  checkBody,
  type ManagementHandlers,
  type ManagementRequest,
  readCursor,
  writeCursor,
} from './parameters.ts';
import { SET_RULES } from './requests.ts';
import type * as answers from './responses.ts';

export interface RulesHandlerPorts extends SetRulesPorts {
  readonly tokens: Pick<TokenStore, 'list'>;
}

export function rulesHandlers(ports: RulesHandlerPorts) {
  return {
    async getRules(request) {
      return answer(ports, request, await rulesOf(ports, request.principal.account));
    },
    async setRules(request) {
      // A body that was lost on the way would set all rules back.
      if (request.json === undefined) throw invalidBody([{ path: '', message: 'must be an object' }]);
      const given = checkBody(SET_RULES, request.json);
      return answer(ports, request, await setRules(ports, actorOf(request), given));
    },
  } satisfies ManagementHandlers;
}

async function answer(
  ports: RulesHandlerPorts,
  { principal, query }: ManagementRequest,
  rules: AccountRules,
): Promise<Response> {
  const { account } = principal;
  const cursor = single(query, 'cursor');
  const after = cursor === undefined ? undefined : readCursor(account, cursor);
  const { breaking, next } = await listBreaking(ports, { account, rules, after });
  const json: answers.AccountRules = {
    ...rules,
    ceiling: ports.ceiling,
    breaking: breaking.map(({ id, rules: broken }) => ({ token: id, rules: [...broken] })),
    nextCursor: next === undefined ? null : writeCursor(account, next),
  };
  return { status: 200, json };
}
