/** The JSON bodies of the routes of registry tokens. */
import * as v from 'valibot';
import { TOKEN_LIFE_SECONDS } from '../domain/account-rules.ts';
import type { WantedToken } from '../domain/token-differences.ts';
import type { Labels } from '../domain/token-record.ts';
import { ACCESS } from './fields.ts';
import { networks, repositories, text, wholeNumber, wholeRecord } from './request-fields.ts';

const PULLS_PER_DAY = { min: 1, max: 1_000_000_000 } as const;
const GRACE = { min: 0, max: 604_800 } as const;
const MAX_DESCRIPTION = 256;
const MAX_OWNER = 128;
const MAX_LABELS = 8;
const MAX_LABEL_VALUE = 63;

/** Without \p, which few readers of JSON Schema know. */
const WITHOUT_CONTROL = '^[^\\x00-\\x1f\\x7f-\\x9f]*$';
const NO_CONTROL = 'must not hold control characters or lone surrogates';

/** A text that is shown on terminals. */
function printable(max: number) {
  return v.pipe(
    text(max),
    v.regex(new RegExp(WITHOUT_CONTROL, 'u'), NO_CONTROL),
    // Half a surrogate pair has no UTF-8 to be stored in.
    v.check(words => words.isWellFormed(), NO_CONTROL),
  );
}

const description = printable(MAX_DESCRIPTION);

const owner = v.nullable(
  v.pipe(printable(MAX_OWNER), v.minLength(1, 'must not be empty; null means that there is none')),
);

const LABEL_KEY = v.pipe(
  v.string(),
  v.regex(
    /^(?!(?:constructor|prototype|__proto__)$)[a-z0-9._/-]{1,63}$/,
    'must be named with 1 to 63 of a-z, 0-9, dot, underscore, slash and hyphen',
  ),
);

const labels = v.pipe(
  wholeRecord(v.record(LABEL_KEY, printable(MAX_LABEL_VALUE), 'must be an object of names and values')),
  v.metadata({ maxProperties: MAX_LABELS }),
  v.check(named => Object.keys(named).length <= MAX_LABELS, `must hold at most ${MAX_LABELS} labels`),
);

/** What administrators find and oversee a token by. */
const OVERSIGHT = {
  labels: v.optional(labels),
  owner: v.optional(owner),
  networks: v.optional(networks),
  selfRotate: v.optional(v.boolean()),
};

const expiresInSeconds = wholeNumber(TOKEN_LIFE_SECONDS);

/** null, and without members: none. */
const limits = v.nullable(v.strictObject({ pullsPerDay: v.optional(wholeNumber(PULLS_PER_DAY)) }));

/** What `oneEnding` refuses. */
const TWO_ENDINGS = {
  properties: { nonExpiring: { const: true }, expiresInSeconds: { type: 'integer' } },
  required: ['nonExpiring', 'expiresInSeconds'],
} as const;

/** What a new token is unless the request says otherwise. */
const NEW_TOKEN = {
  description: '',
  access: 'pull',
  nonExpiring: false,
  repositories: null,
} as const;

export const ADD_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description, NEW_TOKEN.description),
    access: v.optional(ACCESS, NEW_TOKEN.access),
    nonExpiring: v.optional(v.boolean(), NEW_TOKEN.nonExpiring),
    expiresInSeconds: v.optional(expiresInSeconds),
    repositories: v.optional(repositories, NEW_TOKEN.repositories),
    retrievable: v.optional(v.boolean()),
    limits: v.optional(limits),
    ...OVERSIGHT,
  }),
  v.metadata({ not: TWO_ENDINGS }),
  oneEnding(),
  v.transform(body => newToken(body)),
);

/** Without defaults: what is not named of a token that there is may be as it is. */
export const ENSURE_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description),
    access: v.optional(ACCESS),
    nonExpiring: v.optional(v.boolean()),
    expiresInSeconds: v.optional(expiresInSeconds),
    repositories: v.optional(repositories),
    retrievable: v.optional(v.boolean()),
    limits: v.optional(limits),
    ...OVERSIGHT,
    apply: v.optional(v.boolean(), false),
  }),
  v.metadata({ not: TWO_ENDINGS }),
  oneEnding(),
  v.transform(({ apply, labels: named, ...body }) => {
    const wanted = { ...body, ...(named === undefined ? {} : { labels: sorted(named) }) };
    return { apply, wanted, token: newToken(wanted) };
  }),
);

export const CHANGE_TOKEN = v.pipe(
  v.strictObject({
    description: v.optional(description),
    access: v.optional(ACCESS),
    repositories: v.optional(repositories),
    disabled: v.optional(v.boolean()),
    nonExpiring: v.optional(v.literal(true)),
    expiresInSeconds: v.optional(expiresInSeconds),
    limits: v.optional(limits),
    ...OVERSIGHT,
  }),
  v.metadata({ minProperties: 1, not: TWO_ENDINGS }),
  v.check(body => Object.keys(body).length > 0, 'must name at least one field to change'),
  oneEnding(),
  v.transform(({ nonExpiring, expiresInSeconds: seconds, limits: given, ...rest }) => ({
    ...rest,
    pullsPerDay: given === undefined ? undefined : (given?.pullsPerDay ?? null),
    expiresInSeconds: nonExpiring ? null : seconds,
  })),
);

export const ROTATE_TOKEN = v.strictObject({
  graceSeconds: v.optional(wholeNumber(GRACE), 0),
  force: v.optional(v.boolean(), false),
});

function newToken({
  description: words = NEW_TOKEN.description,
  access = NEW_TOKEN.access,
  repositories: patterns = NEW_TOKEN.repositories,
  retrievable,
  nonExpiring = NEW_TOKEN.nonExpiring,
  expiresInSeconds: seconds,
  ...body
}: WantedToken) {
  const { limits: given, labels: named, owner: by, networks: from, selfRotate } = body;
  return {
    description: words,
    access,
    repositories: patterns,
    retrievable,
    // Left out where there is none: a repeated request of before there was such a field is the same.
    ...(given?.pullsPerDay === undefined ? {} : { pullsPerDay: given.pullsPerDay }),
    ...(named === undefined || Object.keys(named).length === 0 ? {} : { labels: sorted(named) }),
    ...(by === undefined || by === null ? {} : { owner: by }),
    ...(from === undefined || from === null ? {} : { networks: from }),
    ...(selfRotate === true ? { selfRotate } : {}),
    expiresInSeconds: nonExpiring ? null : seconds,
  };
}

/** Requests that name the same labels are the same. */
function sorted(named: Labels): Labels {
  return Object.fromEntries(Object.entries(named).sort(([one], [other]) => (one < other ? -1 : 1)));
}

interface Ending {
  readonly nonExpiring?: boolean | undefined;
  readonly expiresInSeconds?: number | undefined;
}

function oneEnding<T extends Ending>() {
  return v.check<T, string>(
    body => !(body.nonExpiring === true && body.expiresInSeconds !== undefined),
    'must have nonExpiring or expiresInSeconds, not both',
  );
}
