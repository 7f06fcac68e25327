/** One credential for a burst of calls: of thirty helpers at once, one vends and the others take what it got. */

import type { Clock } from '../../lib/ports/system.ts';
import { afterWaiting } from '../deadline.ts';
import type { Home } from '../home.ts';
import type { Timeouts } from '../io.ts';
import type { Vended } from '../registry/service.ts';
import type { Session } from '../session.ts';
import type { TargetService } from '../target.ts';
import { readVended, type VendedEntry, vendedFile, vendedKey, writeVended } from '../vended.ts';

export interface Vending {
  readonly session: Session;
  readonly service: TargetService;
  /** Everything that `vend` depends on besides these: a credential is only reused for an equal one. */
  readonly request: unknown;
  readonly vend: () => Promise<Vended>;
}

export interface ReusePorts {
  readonly home: Home;
  readonly clock: Clock;
  readonly timeouts: Pick<Timeouts, 'shareMs'>;
}

/** A credential for the service with the login of the session, vended a minute ago at most. */
export async function vendedFor(
  vending: Vending,
  { home, clock, timeouts: { shareMs } }: ReusePorts,
): Promise<VendedEntry> {
  const key = await keyOf(vending);
  // Without a key nothing can be reused.
  if (key === undefined) return vendedNow(vending, clock);
  const path = vendedFile(home.directory, vending.session.target.url, vending.service.name);
  const found = () => readVended(path, key, clock());
  const work = async () => {
    const entry = (await found()) ?? (await vendedNow(vending, clock));
    // A login that was renewed meanwhile is another one to processes that began later.
    const keys = new Set([key, await keyOf(vending)].filter(name => name !== undefined));
    if (entry.keys.length === 0) await writeVended(path, { ...entry, keys: [...keys] });
    return entry;
  };
  let isOver = false;
  const stop = afterWaiting(shareMs, () => {
    isOver = true;
  });
  const giveUp = async () => isOver || (await found()) !== undefined;
  try {
    // The lock of a process that cannot be seen from here is taken over before that.
    const waiting = { giveUp, patienceMs: shareMs / 2, noticeMs: Number.POSITIVE_INFINITY };
    return (await found()) ?? (await home.withLock(`vending-${vendedKey([path])}.lock`, work, waiting));
  } finally {
    stop();
  }
}

async function vendedNow({ vend }: Vending, clock: Clock): Promise<VendedEntry> {
  const { password, expiresAt, shortened = null } = await vend();
  return { keys: [], password, shortened, vendedAt: clock(), expiresAt: Date.parse(expiresAt) };
}

/**
 * Undefined for AWS callers: which role that is depends on variables, files and servers, and only a request to AWS says so.
 */
async function keyOf({ session, service, request }: Vending): Promise<string | undefined> {
  const login = session.stored();
  if (login.kind === 'aws') return undefined;
  const proof =
    login.kind === 'iam'
      ? [login.accessToken.reveal(), login.refreshToken?.reveal()]
      : [(await session.credentialsOf(login)).password.reveal()];
  return vendedKey([session.target.url, service, request ?? null, login.kind, ...proof]);
}
