/** What the acts on registry tokens need from the world. */
import type { Clock, Derivation, IdempotencyStore, RandomBytes, TokenStore } from '../ports.ts';
import type { AuditPorts } from './actor.ts';

export interface TokenPorts extends AuditPorts {
  readonly tokens: TokenStore;
  readonly idempotency: IdempotencyStore;
  readonly derivation: Derivation;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Whether this deployment shows a token's value again. */
  readonly valueRetrieval: boolean;
}
