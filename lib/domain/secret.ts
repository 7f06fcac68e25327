/** Secrets that cannot be printed by accident, and the formats that they are recognised by before they are verified. */

const REDACTED = '[secret]';

/** A string that prints as `[secret]`, except through `reveal()`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value. Every use of a secret can be found by this name. */
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

export const REGISTRY_TOKEN_PREFIX = 'plp_';
export const CREDENTIAL_PREFIX = 'plc_';

export type SecretFormat = 'a registry token' | 'a credential' | 'a signed token' | 'a presigned request';

/** The format of a secret; undefined: none of these, such as an API key or an opaque refresh token. */
export function secretFormatOf(secret: Secret): SecretFormat | undefined {
  const text = secret.reveal();
  return FORMATS.find(([, format]) => format.test(text))?.[0];
}

/** No secret has two of these formats. */
const FORMATS: readonly (readonly [SecretFormat, RegExp])[] = [
  ['a registry token', new RegExp(`^${REGISTRY_TOKEN_PREFIX}`)],
  ['a credential', new RegExp(`^${CREDENTIAL_PREFIX}`)],
  ['a signed token', /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/],
  ['a presigned request', /^https?:\/\//],
];
