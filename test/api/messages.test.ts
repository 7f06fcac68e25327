/** What callers and operators read when a value has the wrong type: our sentences, never words of the schema library. */
import type * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { explainSchema } from '../../lib/api/explain-request.ts';
import { checkBody } from '../../lib/api/parameters.ts';
import { policySchema, SET_RULES, trustSchema, VEND_CREDENTIAL } from '../../lib/api/requests.ts';
import { ADD_TOKEN, CHANGE_TOKEN, ENSURE_TOKEN, ROTATE_TOKEN } from '../../lib/api/token-requests.ts';
import { ISSUERS_FILE } from '../../lib/config/issuers.ts';
import { SERVICES_FILE } from '../../lib/config/services.ts';
import type { Problem, PullpassError } from '../../lib/domain/errors.ts';
import { type Schema, safeParse } from '../../lib/domain/schema.ts';

const GITHUB = {
  key: 'github',
  kind: 'workload',
  platform: 'github',
  issuer: 'https://token.example',
  keysUrl: 'https://token.example/keys',
} as const;

const REQUESTS: Readonly<Record<string, [schema: v.GenericSchema, fields: readonly string[]]>> = {
  ADD_TOKEN: [ADD_TOKEN, fieldsOf(ADD_TOKEN)],
  CHANGE_TOKEN: [CHANGE_TOKEN, fieldsOf(CHANGE_TOKEN)],
  ENSURE_TOKEN: [ENSURE_TOKEN, fieldsOf(ENSURE_TOKEN)],
  SET_RULES: [SET_RULES, fieldsOf(SET_RULES)],
  explainSchema: [
    explainSchema('dev'),
    ['token', 'subject', 'claims', 'requestId', 'service', 'scope', 'address', 'at'],
  ],
  ROTATE_TOKEN: [ROTATE_TOKEN, fieldsOf(ROTATE_TOKEN)],
  VEND_CREDENTIAL: [VEND_CREDENTIAL, fieldsOf(VEND_CREDENTIAL)],
  policySchema: [policySchema({ issuer: 'dev' }), fieldsOf(policySchema({ issuer: 'dev' }))],
  trustSchema: [trustSchema([GITHUB]), fieldsOf(trustSchema([GITHUB]))],
};

function fieldsOf({ entries }: { readonly entries: object }): string[] {
  return Object.keys(entries);
}

const SECRET = 'plp_secret';
/** A value of every JSON type, the types nested in lists and objects too. */
const VALUES: readonly unknown[] = [
  null,
  true,
  7,
  -0.5,
  1e300,
  SECRET,
  '',
  '\u0000',
  [],
  [null],
  [7],
  [SECRET],
  {},
  { a: null },
  { a: SECRET },
  { 'a b': [] },
];

/** How valibot speaks, and how it writes types. */
const LIBRARY =
  /Invalid|Expected|received|["|<>=&]|\b(?:Array|Object|Record|never|unknown|undefined|NaN|picklist|string\b(?<!a string))/;

function problemsOf(schema: v.GenericSchema, body: unknown): readonly Problem[] {
  try {
    checkBody(schema, body);
    return [];
  } catch (error) {
    return (error as PullpassError).details.problems ?? [];
  }
}

describe.each(Object.entries(REQUESTS))('a body of %s', (_, [schema, fields]) => {
  const bodies: unknown[] = [
    ...VALUES,
    ...fields.flatMap(field => VALUES.map(value => ({ [field]: value }))),
    ...fields.flatMap(field => VALUES.map(value => ({ [field]: { pullsPerDay: value, team: value } }))),
    ...fields.flatMap(field => VALUES.map(value => ({ [field]: [value, value] }))),
    ...VALUES.map(value => ({ colour: value, [SECRET]: value })),
  ];
  const problems = bodies.flatMap(body => problemsOf(schema, body));

  it('with a wrong type is refused in our own words', () => {
    expect(problems.length).toBeGreaterThan(20);
    for (const { message } of problems) {
      expect(message.replace('is an unknown field', '')).not.toMatch(LIBRARY);
      expect(message).not.toContain('is not valid');
    }
  });

  it('is refused without repeating what it holds', () => {
    expect(problems.filter(problem => JSON.stringify(problem).includes(SECRET))).toEqual([]);
  });
});

const SERVICE = { name: 'registry.example', profile: 'x5c', algorithm: 'ES256', lifetimeSeconds: 300 };
const IAM = {
  key: 'corp',
  kind: 'iam',
  issuer: 'https://iam.example',
  keysUrl: 'https://iam.example/keys',
  tokenUrl: 'https://iam.example/token',
  client: { id: 'cli', secret: 'file:/none' },
  audience: 'pullpass',
  claims: { subject: 'sub', account: 'acct', valid: 'ok' },
};
const PRESET = { key: 'ibm', preset: 'ibm' };
const AWS = { key: 'aws', kind: 'aws', endpoint: 'https://sts.example' };

describe.each<[name: string, schema: Schema<unknown>, entries: readonly Record<string, unknown>[]]>([
  ['services', SERVICES_FILE, [SERVICE]],
  ['issuers', ISSUERS_FILE, [IAM, PRESET, AWS, GITHUB]],
])('the %s file', (_, schema, entries) => {
  it('with a wrong type is refused in our own words', () => {
    const files = [
      ...VALUES,
      ...VALUES.map(value => [value]),
      ...entries.flatMap(entry =>
        [...Object.keys(entry), 'colour'].flatMap(field =>
          VALUES.map(value => [{ ...entry, [field]: value }]),
        ),
      ),
    ];
    const messages = files
      .flatMap(file => safeParse(schema, file).issues ?? [])
      .map(({ message }) => message);
    expect(messages.length).toBeGreaterThan(50);
    for (const message of messages) {
      expect(message.replace('is an unknown field', '').replace(/none:<issuer>/g, '')).not.toMatch(LIBRARY);
      expect(message).not.toContain('is not valid');
    }
  });
});
