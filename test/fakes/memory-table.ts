/** What the stores in memory share, as the stores on DynamoDB share one table. */
import { type Account, accountHandle } from '../../lib/domain/account.ts';
import type { IdempotencyRecord } from '../../lib/domain/idempotency.ts';
import type { NamespaceClaim } from '../../lib/domain/namespace.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import type { Checkpoint } from '../../lib/ports/cleanup.ts';
import type { AuditEvent } from '../../lib/ports/stores.ts';

/** Something that ends by itself. */
interface Row<T> {
  readonly value: T;
  readonly expiresAt: number | null;
}

export interface MemoryTable {
  /** By handle and id; null is a tombstone. */
  readonly tokens: Map<string, Row<TokenRecord | null>>;
  readonly claims: Map<string, NamespaceClaim>;
  readonly registrations: Map<string, NamespaceClaim>;
  readonly requests: Map<string, Row<IdempotencyRecord>>;
  readonly audits: Map<string, Row<AuditEvent>>;
  readonly policies: Map<string, Policy>;
  readonly trusts: Map<string, Trust>;
  /** By mark; the value says nothing but when the proof ends. */
  readonly proofs: Map<string, Row<null>>;
  /** By handle and jti. */
  readonly ended: Map<string, Row<null>>;
  checkpoint: Checkpoint;
}

export function memoryTable(): MemoryTable {
  return {
    tokens: new Map(),
    claims: new Map(),
    registrations: new Map(),
    requests: new Map(),
    audits: new Map(),
    policies: new Map(),
    trusts: new Map(),
    proofs: new Map(),
    ended: new Map(),
    checkpoint: { cursor: undefined, report: undefined, reportedAt: undefined },
  };
}

const handles = new Map<Account, string>();

/** As `accountHandle`, worked out once: a model asks for few accounts very often. */
export function handleOf(account: Account): string {
  const handle = handles.get(account) ?? accountHandle(account);
  handles.set(account, handle);
  return handle;
}

/** The key of what an account owns. */
export function ownKey(account: Account, name: string): string {
  return `${handleOf(account)} ${name}`;
}
