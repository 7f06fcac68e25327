/** What the use cases need, in memory and with a clock that stands still: a world for tests without any HTTP. */
import { createHmac, randomBytes } from 'node:crypto';
import { parseScopes } from '../../lib/domain/access.ts';
import type { Account } from '../../lib/domain/account.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { CredentialKeys } from '../../lib/ports/keys.ts';
import type { Actor } from '../../lib/usecases/audit.ts';
import type { Login, LoginPorts } from '../../lib/usecases/log-in.ts';
import { logIn } from '../../lib/usecases/log-in.ts';
import type { NamespacePorts } from '../../lib/usecases/manage-namespaces.ts';
import type { TokenPorts } from '../../lib/usecases/manage-tokens.ts';
import type { Stores } from '../contracts/stores.ts';
import { memoryStores } from '../fakes/memory-stores.ts';
import { ACCOUNT, NOW } from './records.ts';

export interface World {
  readonly stores: Stores;
  readonly tokens: TokenPorts;
  readonly namespaces: NamespacePorts;
  readonly logins: LoginPorts;
  /** Seconds since 1970. */
  now: number;
}

const SERVICE = {
  name: 'localhost:5000',
  registry: 'localhost:5000',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
} as const;

/** One key, that is its own name. */
export const CREDENTIAL_KEYS: CredentialKeys = {
  current: async () => 'k1',
  mac: async (key, text) => (key === 'k1' ? createHmac('sha256', key).update(text).digest() : undefined),
};

/** A world over these stores; access tokens are their claims, unsigned. */
export function worldOn(stores: Stores = memoryStores()): World {
  const clock = () => world.now * 1000;
  const { tokens, namespaces, logins, trusts, requests: idempotency, audits: audit } = stores;
  const world: World = {
    stores,
    now: NOW,
    tokens: {
      tokens,
      idempotency,
      audit,
      clock,
      randomBytes,
      valueRetrieval: true,
      derivation: {
        currentKey: 'k1',
        derive: async (key, message) => createHmac('sha256', key).update(message).digest(),
      },
    },
    namespaces: { namespaces, audit, clock, registration: 'open' },
    logins: {
      store: logins,
      signer: { sign: async claims => JSON.stringify(claims) },
      clock,
      randomBytes,
      issuer: 'https://pullpass.example',
      trusts,
      policies: stores.policies,
      administrators: [],
      issuers: new Set(['dev', 'github']),
      credentialKeys: CREDENTIAL_KEYS,
    },
  };
  return world;
}

/** An administrator of the account, with a strong proof. */
export function actorOf(account: Account = ACCOUNT, name = 'alice'): Actor {
  return {
    account,
    subject: `dev:${name}`,
    strength: 'strong',
    requestId: 'request-1',
    sourceAddress: '192.0.2.1',
  };
}

/** A login with a registry token. */
export function logInWith({ logins }: World, value: string, scope = ''): Promise<Login> {
  const caller = { kind: 'token', secret: new Secret(value) } as const;
  return logIn(logins, { caller, service: SERVICE, requested: parseScopes([scope]) });
}
