/** The tokens of the development IAM, signed with a key of its own that signs nothing else. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CompactSign, compactVerify } from 'jose';
import { DAY_SECONDS, HOUR_SECONDS } from '../../lib/domain/time.ts';
import { replaceFile } from '../../lib/files/atomic-file.ts';
import { newPrivateKey, publicJwk, thumbprint, toPem } from '../../lib/signing/keys.ts';
import type { ApiKey } from './api-keys.ts';

export const ACCESS_TOKEN_SECONDS = HOUR_SECONDS;
const REFRESH_TOKEN_SECONDS = 30 * DAY_SECONDS;

const ALGORITHM = 'ES256';

export interface TokensInput {
  readonly keyFile: string;
  /** The `iss` of all tokens. */
  readonly issuer: string;
  /** The `aud` of access tokens. */
  readonly audience: string;
}

export class Tokens {
  readonly #key: KeyObject;
  readonly #kid: string;
  readonly #names: { readonly issuer: string; readonly audience: string };

  private constructor(key: KeyObject, names: { issuer: string; audience: string }) {
    this.#key = key;
    this.#kid = thumbprint(publicJwk(key));
    this.#names = names;
  }

  /** Reads the key, or makes it on the first start. */
  static async open({ keyFile, issuer, audience }: TokensInput): Promise<Tokens> {
    return new Tokens(await openKey(keyFile), { issuer, audience });
  }

  /** The public key as a JWK set (RFC 7517). */
  keySet(): { keys: Record<string, unknown>[] } {
    return { keys: [{ ...publicJwk(this.#key), kid: this.#kid, use: 'sig', alg: ALGORITHM }] };
  }

  /** An access token for the owner of the key; `now` in seconds. */
  accessToken({ iamId, account }: ApiKey, now: number): Promise<string> {
    return this.#sign({
      iss: this.#names.issuer,
      sub: iamId,
      aud: this.#names.audience,
      iat: now,
      exp: now + ACCESS_TOKEN_SECONDS,
      iam_id: iamId,
      account: { bss: account },
    });
  }

  /**
   * A refresh token that stands for the API key, and is worth nothing once that is gone. Its claims part it from an
   * access token: that names no API key, and this neither issuer nor audience.
   */
  refreshToken({ id }: ApiKey, now: number): Promise<string> {
    return this.#sign({ apiKeyId: id, exp: now + REFRESH_TOKEN_SECONDS });
  }

  /** The id of the API key that a refresh token stands for; undefined for anything else, or when it has ended. */
  async apiKeyIdOf(refreshToken: string, now: number): Promise<string | undefined> {
    try {
      const { payload } = await compactVerify(refreshToken, createPublicKey(this.#key), {
        algorithms: [ALGORITHM],
      });
      const { apiKeyId, exp } = JSON.parse(Buffer.from(payload).toString('utf8'));
      return exp > now ? apiKeyId : undefined;
    } catch {
      return undefined;
    }
  }

  #sign(claims: Record<string, unknown>): Promise<string> {
    return new CompactSign(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: ALGORITHM, kid: this.#kid })
      .sign(this.#key);
  }
}

async function openKey(path: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(path, 'utf8'));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const key = await newPrivateKey(ALGORITHM);
  await replaceFile(path, toPem(key), 0o600);
  return key;
}
