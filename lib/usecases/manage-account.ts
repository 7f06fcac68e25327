/** Manages what an account has beside its tokens: namespaces, and rules, which are its policies and trusts. */

import { PullpassError } from '../domain/errors.ts';
import { type Account, accountHandle, isUuid, UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import {
  decideRegistration,
  isHeldBy,
  type NamespaceClaim,
  type RegistrationRules,
  release,
} from '../domain/namespace.ts';
import { isNamespace } from '../domain/repository.ts';
import { toSeconds } from '../domain/time.ts';
import type { NamespaceStore, RuleStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { type Actor, type AuditPorts, recordAct, retryOnConflict } from './acts.ts';

export interface NamespacePorts extends AuditPorts {
  readonly namespaces: NamespaceStore;
  readonly registration: RegistrationRules;
}

/**
 * Registers the namespace; `registered` is false when it was the account's already. The index is written before the
 * claim: a crash in between leaves an entry that no claim confirms, never a claim that no list shows.
 */
export async function registerNamespace(
  ports: NamespacePorts,
  actor: Actor,
  name: string,
): Promise<{ registered: boolean }> {
  if (!isNamespace(name)) throw new PullpassError('invalid-request', { detail: 'That is no namespace.' });
  const { namespaces, registration } = ports;
  return retryOnConflict(async () => {
    const before = await namespaces.claim(name);
    const decision = decideRegistration({ name, account: actor.account }, before, registration);
    if (decision.kind === 'already-held') return { registered: false };
    if (decision.kind === 'closed') throw new PullpassError('registration-closed');
    if (decision.kind === 'taken') throw new PullpassError('namespace-taken');
    await recordAct(ports, actor, { act: 'register-namespace', target: name });
    await namespaces.index(decision.claim);
    return (await namespaces.writeClaim(before, decision.claim)) ? { registered: true } : undefined;
  });
}

/** The namespaces that the account holds, by name. */
export async function listNamespaces(
  { namespaces }: Pick<NamespacePorts, 'namespaces'>,
  account: Account,
): Promise<NamespaceClaim[]> {
  return namespaces.held(account);
}

/** Gives the namespace back. Nothing in it is granted from then on; the name stays reserved to the account. */
export async function releaseNamespace(ports: NamespacePorts, actor: Actor, name: string): Promise<void> {
  const { namespaces } = ports;
  await retryOnConflict(async () => {
    const held = isNamespace(name) ? await namespaces.claim(name) : undefined;
    if (held === undefined || !isHeldBy(held, actor.account)) {
      throw new PullpassError('not-found', { detail: 'This account does not hold that namespace.' });
    }
    await recordAct(ports, actor, { act: 'release-namespace', target: name });
    if (!(await namespaces.writeClaim(held, release(held)))) return undefined;
    // The name is given back, also if this fails: the list shows no name whose claim is not held.
    await namespaces.unindex(held).catch(() => undefined);
    return true;
  });
}

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
