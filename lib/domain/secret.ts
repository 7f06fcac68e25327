/** A secret that cannot be printed by accident, and what its form tells before anyone has verified it. */

export const REGISTRY_TOKEN_PREFIX = 'plp_';
export const CREDENTIAL_PREFIX = 'plc_';

export type SecretFormat = 'a registry token' | 'a credential' | 'a signed token' | 'a presigned request';

/** No secret has two looks, and what has none of these may still be an API key or an opaque refresh token. */
const LOOKS: readonly (readonly [SecretFormat, RegExp])[] = [
  ['a registry token', new RegExp(`^${REGISTRY_TOKEN_PREFIX}`)],
  ['a credential', new RegExp(`^${CREDENTIAL_PREFIX}`)],
  ['a signed token', /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/],
  ['a presigned request', /^https?:\/\//],
];

/** Undefined: it looks like nothing in particular. */
export function secretFormatOf(secret: Secret): SecretFormat | undefined {
  const text = secret.reveal();
  return LOOKS.find(([, look]) => look.test(text))?.[0];
}

/** A string that must not be seen: it prints as `[secret]` everywhere but in the hands of `.reveal()`. */

const REDACTED = '[secret]';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Spends the secret. Every place that may see one can be found by this name. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
