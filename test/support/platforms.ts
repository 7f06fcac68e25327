/** Issuers on loopback beside the development IAM: build platforms whose tokens look like the real ones, and an IAM. */

import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Platform } from '../../lib/domain/platforms.ts';
import { LoopbackIam } from '../iam/loopback-iam.ts';
import { signToken, type TestKey, testKey } from '../iam/tokens.ts';
import { PUBLIC_URL } from './deployment.ts';
import { type Claims, PLATFORM_CLAIMS } from './platform-claims.ts';
import { NOW } from './records.ts';

/** The audience that a token must have to log in for an account. */
export const audienceOf = (account: `${string}:${string}`) =>
  `${PUBLIC_URL}/accounts/${accountHandle(account)}`;

/** One issuer: its key set on a loopback server, and the key that signs its tokens. */
export class TestIssuer {
  readonly server: LoopbackIam;
  readonly key: TestKey;
  readonly #entry: Readonly<Record<string, unknown>>;
  readonly #claims: Claims;

  private constructor(server: LoopbackIam, entry: Readonly<Record<string, unknown>>, claims: Claims) {
    this.server = server;
    this.key = testKey('k1');
    this.#entry = entry;
    this.#claims = claims;
    server.keys = [this.key.jwk];
  }

  static async open(entry: Readonly<Record<string, unknown>>, claims: Claims): Promise<TestIssuer> {
    return new TestIssuer(await new LoopbackIam().open(), entry, claims);
  }

  /** As the issuers file has it. */
  get entry(): object {
    return { keysUrl: `${this.server.url}/keys`, ...this.#entry };
  }

  /** A token that was made just now; `overrides` of undefined take a claim away. */
  token(overrides: Claims = {}): string {
    return signToken(this.key, this.claims(overrides));
  }

  claims(overrides: Claims = {}): Record<string, unknown> {
    const times = { iat: NOW - 5, nbf: NOW - 5, exp: NOW + 600 };
    return { iss: this.#entry.issuer, ...times, ...this.#claims, ...overrides };
  }
}

/** An issuer of the platform's tokens, as its documentation shows them. */
export function openPlatform(
  kind: Platform,
  { key = kind, ...more }: { readonly key?: string; readonly requiredClaims?: object } = {},
): Promise<TestIssuer> {
  const entry = { key, kind: 'workload', platform: kind, issuer: `https://${key}.example`, ...more };
  return TestIssuer.open(entry, PLATFORM_CLAIMS[kind]);
}

export const openGitHub = (key = 'github') => openPlatform('github', { key });
export const openGitLab = () => openPlatform('gitlab');
export const openKubernetes = () => openPlatform('kubernetes');

/** An IAM that speaks for its own `acme`, and its own Alice. */
export function openIam(key = 'other', entry: object = {}): Promise<TestIssuer> {
  const settings = {
    key,
    issuer: `https://${key}.example/identity`,
    audience: PUBLIC_URL,
    claims: { subject: 'iam_id', account: 'account.bss' },
    ...entry,
  };
  return TestIssuer.open(settings, { aud: PUBLIC_URL, iam_id: 'alice', account: { bss: 'acme' } });
}
