/** Records to test with; each is new, and says only what the test is about. */
import { randomBytes } from 'node:crypto';
import { parseScopes, type RequestedAccess } from '../../lib/domain/access.ts';
import type { IdempotencyRecord } from '../../lib/domain/idempotency.ts';
import { type Account, UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import type { NamespaceClaim } from '../../lib/domain/namespace.ts';
import type { Policy } from '../../lib/domain/policy.ts';
import { SALT_BYTES } from '../../lib/domain/registry-token.ts';
import type { Service } from '../../lib/domain/service.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { TokenUse } from '../../lib/domain/token-use.ts';
import type { Trust } from '../../lib/domain/trust.ts';

/** 2026-11-21T07:00:00Z, in seconds since 1970. */
export const NOW = Date.UTC(2026, 10, 21, 7) / 1000;
export const ACCOUNT: Account = 'dev:acme';
export const OTHER_ACCOUNT: Account = 'dev:rival';
/** The service of a deployment in memory. */
export const SERVICE: Service = {
  name: 'localhost:5000',
  registry: 'localhost:5000',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
};

/** What a client asks for to pull them. */
export function pullsOf(repositories: readonly string[]): RequestedAccess[] {
  return parseScopes(repositories.map(name => `repository:${name}:pull`));
}

/** A token that is made at `NOW`, is retrievable, may pull everywhere, and lives a day. */
export function aToken(facts: Partial<TokenRecord> = {}): TokenRecord {
  const createdAt = facts.createdAt ?? NOW;
  return {
    account: ACCOUNT,
    id: uuidV7(createdAt * 1000, randomBytes(UUID_RANDOM_BYTES)),
    hash: randomBytes(32),
    derivation: { key: 'k1', salt: randomBytes(SALT_BYTES) },
    generation: 1,
    issuanceId: randomBytes(8).toString('hex'),
    access: 'pull',
    repositories: null,
    pullsPerDay: null,
    networks: null,
    selfRotate: false,
    name: null,
    description: '',
    labels: {},
    owner: null,
    createdAt,
    createdBy: 'dev:alice',
    valueIssuedAt: createdAt,
    expiresAt: createdAt + DAY_SECONDS,
    disabled: null,
    lastUsedAt: null,
    lastUse: null,
    previous: null,
    previousUse: null,
    version: 1,
    ...facts,
  };
}

/** A login with docker at `NOW`. */
export function aUse(facts: Partial<TokenUse> = {}): TokenUse {
  return { at: NOW, address: '192.0.2.1', client: 'docker/28.2.2', service: 'registry.example', ...facts };
}

/** A claim of `team-a`, held by `ACCOUNT` in its first epoch. */
export function aClaim(facts: Partial<NamespaceClaim> = {}): NamespaceClaim {
  return { name: 'team-a', account: ACCOUNT, state: 'held', epoch: 1, ...facts };
}

/** A request that was begun at `NOW` and adds a token. */
export function aRequest(facts: Partial<IdempotencyRecord> = {}): IdempotencyRecord {
  return {
    key: randomBytes(32).toString('hex'),
    payload: randomBytes(32).toString('hex'),
    tokenId: uuidV7(NOW * 1000, randomBytes(UUID_RANDOM_BYTES)),
    generation: 1,
    write: randomBytes(8).toString('hex'),
    state: 'pending',
    createdAt: NOW,
    ...facts,
  };
}

/** A policy of `ACCOUNT` that lets Bob pull everywhere. */
export function aPolicy(facts: Partial<Policy> = {}): Policy {
  return { ...aRule(), subject: 'dev:bob', role: 'reader', ...facts };
}

/** A trust of `ACCOUNT` in a repository of GitHub, which may pull everywhere. */
export function aTrust(facts: Partial<Trust> = {}): Trust {
  return {
    ...aRule(),
    issuer: 'github',
    claims: { repository_id: '74', repository_owner_id: '65' },
    access: 'pull',
    networks: null,
    lifetimeSeconds: 3600,
    ...facts,
  };
}

/** What policies and trusts share. */
function aRule(): Pick<Policy, 'account' | 'id' | 'repositories' | 'createdAt' | 'createdBy'> {
  const id = uuidV7(NOW * 1000, randomBytes(UUID_RANDOM_BYTES));
  return { account: ACCOUNT, id, repositories: null, createdAt: NOW, createdBy: 'dev:alice' };
}
