/** The one place where callers are recognised by their IAM, for management and logins alike. */
import { PullpassError } from '../domain/errors.ts';
import { type Administrator, type Identity, isAdministrator } from '../domain/identity.ts';
import type { Clock, IdentityVerifier } from '../ports.ts';
import type { Guard, Presented } from './exchange.ts';

export interface Recognition {
  readonly verifier: IdentityVerifier;
  readonly administrators: readonly Administrator[];
  /** Whether the operator lets replayable proofs manage (`PULLPASS_WEAK_MANAGEMENT`). */
  readonly weakManagement: boolean;
  readonly clock: Clock;
}

/** The identity behind what was presented; undefined for what is no IAM proof and needs none here. */
export type Identify = (presented: Presented, guard: Guard) => Promise<Identity | undefined>;

export function identifier({ verifier, administrators, weakManagement, clock }: Recognition): Identify {
  return async (presented, guard) => {
    if (presented.kind === 'anonymous' || presented.kind === 'token') {
      if (guard !== 'administrator') return undefined;
      throw new PullpassError('unauthenticated', { reason: `${presented.kind} is no IAM proof` });
    }
    const identity = await verifier.identify({ kind: presented.kind, secret: presented.secret }, clock());
    if (guard !== 'administrator') return identity;
    if (identity.strength === 'weak' && !weakManagement) {
      throw new PullpassError('forbidden', {
        detail:
          'This proof can be replayed by other services; use an API key, or a token made for this audience.',
      });
    }
    if (!isAdministrator(identity, administrators)) throw new PullpassError('forbidden');
    return identity;
  };
}
