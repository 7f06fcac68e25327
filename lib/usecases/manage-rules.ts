/** Adds, lists and removes the rules of an account: its policies, and its trusts. */
import { type Account, accountHandle } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import { isUuid, UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import { toSeconds } from '../domain/time.ts';
import type { RuleStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { type Actor, type AuditPorts, recordAct } from './acts.ts';

/** What policies and trusts have in common. */
interface Rule {
  readonly account: Account;
  readonly id: string;
  readonly createdAt: number;
  readonly createdBy: Actor['subject'];
}

export interface RulePorts<R extends Rule> extends AuditPorts {
  readonly rules: RuleStore<R>;
  readonly randomBytes: RandomBytes;
  /** What audit records call a rule of this kind. */
  readonly word: 'policy' | 'trust';
}

/** The new rule. Throws `limit-reached`. */
export async function addRule<R extends Rule>(
  ports: RulePorts<R>,
  actor: Actor,
  complete: (common: Rule) => R,
): Promise<R> {
  const nowMs = ports.clock();
  const rule = complete({
    account: actor.account,
    id: uuidV7(nowMs, ports.randomBytes(UUID_RANDOM_BYTES)),
    createdAt: toSeconds(nowMs),
    createdBy: actor.subject,
  });
  await recordAct(ports, actor, { act: `add-${ports.word}`, target: rule.id });
  if (!(await ports.rules.add(rule))) throw new PullpassError('limit-reached');
  return rule;
}

/** The rules of the account, oldest first. */
export async function listRules<R extends Rule>(
  { rules }: Pick<RulePorts<R>, 'rules'>,
  account: Account,
): Promise<R[]> {
  return rules.list(accountHandle(account));
}

/** Removes a rule: it counts for nothing from the next login on. Throws `not-found`. */
export async function removeRule<R extends Rule>(
  ports: RulePorts<R>,
  actor: Actor,
  id: string,
): Promise<void> {
  if (isUuid(id)) {
    await recordAct(ports, actor, { act: `remove-${ports.word}`, target: id });
    if (await ports.rules.remove(actor.account, id, toSeconds(ports.clock()))) return;
  }
  throw new PullpassError('not-found', { detail: `There is no such ${ports.word}.` });
}
