/** Words and examples that several schemas share. The examples work nowhere. */

export const ACCESS = 'Allowed actions: `pull`, or `push`, which includes pull.';
export const PATTERNS = 'Repository names, and prefixes followed by `/*`, at most 32.';
export const ROLE =
  'reader: pull; writer: pull, push; manager: pull, push, delete; administrator: all of these, and managing the account.';
export const TIME = 'RFC 3339, UTC.';

export const AN_ID = '01a1fd49-4a6c-7d65-a6e0-bc414b35f7c0';
export const A_REQUEST_ID = 'b6b8a3f4-5d1c-4f0e-9a55-6f1d7b1d9e57';
export const A_TOKEN = `plp_${'0'.repeat(64)}ExampleExampleExample00`;
export const A_CREDENTIAL = `plc_k1.${'ExampleExample'.repeat(4)}`;
export const A_TIME = '2026-11-21T07:00:00Z';
export const AN_HOUR_LATER = '2026-11-21T08:00:00Z';
export const CREATED = { createdAt: A_TIME, createdBy: 'corp:alice' };

/** Of the number of things on a page. */
export const A_LIMIT = { type: 'integer', minimum: 1, maximum: 200, default: 50 } as const;

export const UUID = 'A UUID of version 7.';
export const REPOSITORIES = `${PATTERNS} null: every repository in the namespaces of the account.`;
export const WORDS_OF_CREATION = {
  createdAt: `When it was added. ${TIME}`,
  createdBy: 'The subject that added it, with its issuer.',
};

/** What each rule of an account means. */
export const RULES = {
  maxExpiresInSeconds:
    'The longest life of a token that expires, in seconds from when it is made or changed.',
  nonExpiring: 'Whether a token may be one that never expires.',
  maxCredentialSeconds: 'The longest life of a credential, in seconds.',
  retrievable: 'Whether a new value of a token may be one that can be shown again.',
  requireOwner: 'Whether every new token names who answers for it.',
  requireNetworks: 'Whether every new token names the networks that it may be used from.',
} as const;

/** A UUID of any version, in either case. */
export const AN_IDENTIFIER = {
  pattern: '^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
  minLength: 36,
  maxLength: 36,
  example: AN_ID,
} as const;
