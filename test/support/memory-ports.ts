/** What the use cases need, in memory and with a stopped clock: a world for tests without any HTTP. */
import { createHmac, randomBytes } from 'node:crypto';
import { parseScopes } from '../../lib/domain/access.ts';
import { WIDEST } from '../../lib/domain/account-rules.ts';
import type { Account } from '../../lib/domain/identifiers.ts';
import { type LoginContext, loginContext, type Principal } from '../../lib/domain/principal.ts';
import { Secret, secretFormatOf } from '../../lib/domain/secret.ts';
import type { CredentialKeys } from '../../lib/ports/keys.ts';
import type { Actor } from '../../lib/usecases/acts.ts';
import { authenticateLogin, type LoginAuthenticationPorts } from '../../lib/usecases/authenticate.ts';
import type { EnsureRequest } from '../../lib/usecases/ensure-token.ts';
import type { Login, LoginPorts } from '../../lib/usecases/log-in.ts';
import { logIn } from '../../lib/usecases/log-in.ts';
import type { NamespacePorts } from '../../lib/usecases/manage-account.ts';
import type { TokenPorts } from '../../lib/usecases/manage-tokens.ts';
import type { VendPorts } from '../../lib/usecases/vend-credential.ts';
import { ACCOUNT, NOW, SERVICE } from './records.ts';
import { memoryStores, type Stores } from './stores.ts';

export interface World {
  readonly stores: Stores;
  readonly tokens: TokenPorts;
  readonly namespaces: NamespacePorts;
  readonly logins: LoginPorts & VendPorts & LoginAuthenticationPorts;
  /** Seconds since 1970. */
  now: number;
}

/** One key, that is its own name. */
export const CREDENTIAL_KEYS: CredentialKeys = {
  current: async () => 'k1',
  mac: async (key, text) => (key === 'k1' ? createHmac('sha256', key).update(text).digest() : undefined),
};

const unexpected = () => Promise.reject(new Error('no issuer is expected to be asked'));

/** A world over these stores; access tokens are their claims, unsigned. */
export function worldOn(stores: Stores = memoryStores()): World {
  const clock = () => world.now * 1000;
  const { tokens, namespaces, logins, trusts, requests: idempotency, audits: audit } = stores;
  const world: World = {
    stores,
    now: NOW,
    tokens: {
      tokens,
      names: stores.names,
      idempotency,
      audit,
      clock,
      randomBytes,
      valueRetrieval: true,
      accountRules: stores.accountRules,
      ceiling: WIDEST,
      derivation: {
        currentKey: 'k1',
        derive: async (key, message) => createHmac('sha256', key).update(message).digest(),
      },
    },
    namespaces: { namespaces, audit, clock, registration: 'open' },
    logins: {
      store: logins,
      identities: { identify: unexpected },
      workloads: { verify: unexpected },
      signer: { sign: async claims => JSON.stringify(claims) },
      clock,
      randomBytes,
      issuer: 'https://pullpass.example',
      trusts,
      policies: stores.policies,
      administrators: [],
      issuers: new Set(['dev', 'github']),
      vends: () => undefined,
      ceiling: WIDEST,
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

/** Wants a token of the name `a` that pulls everything for ten minutes, and changes nothing of one that is there. */
export const AN_ENSURE_REQUEST: EnsureRequest = {
  actor: actorOf(),
  name: 'a',
  wanted: {},
  token: { access: 'pull', repositories: null, description: '', expiresInSeconds: 600, retrievable: true },
  apply: false,
  idempotencyKey: undefined,
};

/** The principal behind a registry token or a credential. */
export function principalWith(
  ports: LoginAuthenticationPorts,
  secret: Secret,
  context: LoginContext = loginContext(SERVICE.name, []),
): Promise<Principal> {
  const credentials = { userName: 'token', secret, format: secretFormatOf(secret) } as const;
  return authenticateLogin(ports, credentials, context);
}

/** A login with a registry token or a credential. */
export async function logInWith(
  { logins }: World,
  value: string,
  scope = '',
): Promise<Login & { readonly principal: Principal }> {
  const requested = parseScopes([scope]);
  const principal = await principalWith(logins, new Secret(value), loginContext(SERVICE.name, requested));
  return { ...(await logIn(logins, { principal, service: SERVICE, requested })), principal };
}
