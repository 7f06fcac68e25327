/** Secrets that cannot be printed by accident, the formats that they are recognised by, and what is no secret by its looks. */

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

/**
 * Whether a message may repeat a value, which may be a secret in the wrong place: printable, of the length of a name, and
 * without the marks of a secret, a query or a password in a URL.
 */
export function isQuotable(text: string): boolean {
  const hasSecretFormat = secretFormatOf(new Secret(text.replace(/^https?:/, ''))) !== undefined;
  return !hasSecretFormat && /^[\x21-\x7e]{1,255}$/.test(text) && !MARKS.some(mark => mark.test(text));
}

const MARKS = [
  // A long word, by itself or as a prefix.
  /^[^/:.@]{24,}(?:\/\*)?$/,
  // A long word of all kinds of characters, as keys are written in base64 or base62.
  /(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{20}/,
  /[?#]|:\/\/[^/]*@/,
];
