/** Registers, lists and releases the namespaces of an account. */
import type { Account } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import {
  decideRegistration,
  isHeldBy,
  type NamespaceClaim,
  type RegistrationRules,
  release,
} from '../domain/namespace.ts';
import { isNamespace } from '../domain/repository.ts';
import type { NamespaceStore } from '../ports/stores.ts';
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
    const decision = decideRegistration(name, actor.account, before, registration);
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
