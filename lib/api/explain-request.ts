/** The body that asks for an explanation of a login. */
import * as v from 'valibot';
import { isIdentifierValue, isUuid, qualify, type Subject } from '../domain/identifiers.ts';
import { readAddress } from '../domain/networks.ts';
import { secondsOf, TIME_PATTERN } from '../domain/time.ts';

const MAX_SCOPE = 16_384;
const MAX_CLAIMS = 200;

const REQUEST_ID = /^[!-~]{1,128}$/;

const tokenId = textAs(
  { pattern: '^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$' },
  text => (isUuid(text.toLowerCase()) ? text.toLowerCase() : undefined),
  'must be a UUID, as the lists show it; the value of a token is not its identifier',
);

export const NO_CLAIMS = 'must be an object, as in the payload of the token';

const claims = v.pipe(
  v.record(v.string(), v.unknown(), NO_CLAIMS),
  v.metadata({ maxProperties: MAX_CLAIMS }),
  v.check(named => Object.keys(named).length <= MAX_CLAIMS, `must hold at most ${MAX_CLAIMS} claims`),
);

const address = textAs({ maxLength: 45 }, readAddress, 'must be one address, as in 192.0.2.1 or 2001:db8::1');

const time = textAs(
  { format: 'date-time', pattern: TIME_PATTERN },
  secondsOf,
  'must be a time as in 2026-11-21T07:00:00Z',
);

/** As platforms make them. */
const requestId = textAs(
  { pattern: REQUEST_ID.source },
  text => (REQUEST_ID.test(text) ? text : undefined),
  'must be the request id of a refused login, as the client prints it',
);

const WHOSE = ['token', 'subject', 'claims', 'requestId'] as const;
/** A refusal has its own. */
const OF_A_LOGIN = ['service', 'scope', 'address', 'at'] as const;

/** Exactly one says whose login it would be. */
const ONE_OF = WHOSE.map(name => ({ required: [name] }));

/** The library takes a list for a record. */
export function hasListOfClaims(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'claims' in json && Array.isArray(json.claims);
}

/** The body that an identity of the issuer asks with. */
export function explainSchema(callersIssuer: string) {
  return v.pipe(
    v.strictObject({
      token: v.optional(tokenId),
      subject: v.optional(subjectOf(callersIssuer)),
      claims: v.optional(claims),
      requestId: v.optional(requestId),
      service: v.optional(v.string()),
      scope: v.optional(
        v.pipe(v.string(), v.maxLength(MAX_SCOPE, `must have at most ${MAX_SCOPE} characters`)),
      ),
      address: v.optional(address),
      at: v.optional(time),
    }),
    v.metadata({ oneOf: ONE_OF, dependentSchemas: { requestId: { maxProperties: 1 } } }),
    v.check(
      body => WHOSE.filter(name => body[name] !== undefined).length === 1,
      `must have exactly one of ${WHOSE.join(', ')}`,
    ),
    v.check(
      body => body.requestId === undefined || OF_A_LOGIN.every(name => body[name] === undefined),
      `may have nothing beside requestId: the refusal says ${OF_A_LOGIN.join(', ')}`,
    ),
  );
}

/** A subject of the caller's own issuer, with or without its key: other issuers have no subjects in the account. */
function subjectOf(callersIssuer: string) {
  const prefix = qualify(callersIssuer, '');
  return textAs<Subject>(
    { maxLength: 256, pattern: '^[!-~]+$', not: { const: '*' } },
    text => {
      const value = text.startsWith(prefix) ? text.slice(prefix.length) : text;
      // `*` is no caller.
      return isIdentifierValue(value) && value !== '*' ? qualify(callersIssuer, value) : undefined;
    },
    `must be an IAM id, with or without ${prefix} before it`,
  );
}

/** A text that `read` understands; undefined: it does not. */
function textAs<T>(schema: object, read: (text: string) => T | undefined, message: string) {
  return v.pipe(
    v.string(),
    v.metadata({ ...schema }),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const value = read(dataset.value);
      if (value !== undefined) return value;
      addIssue({ message });
      return NEVER;
    }),
  );
}
