/** The generator of the OpenAPI document: what is committed is what the code says, and what the code checks is in it. */
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from '../../infra/openapi/document.ts';
import { schemaOf, schemasOf } from '../../infra/openapi/schema.ts';
import document from '../../lib/api/openapi.json' with { type: 'json' };
import { policySchema, VEND_CREDENTIAL } from '../../lib/api/requests.ts';
import { ADD_TOKEN, CHANGE_TOKEN, ROTATE_TOKEN } from '../../lib/api/token-requests.ts';
import { validator } from '../support/openapi-contract.ts';

describe('the committed document', () => {
  it('is up to date with the code', () => {
    const isCurrent = JSON.stringify(document) === JSON.stringify(openApiDocument());
    expect(isCurrent, 'lib/api/openapi.json is out of date: npm run openapi').toBe(true);
  });

  it('gives examples that are valid', () => {
    const validate = validator();
    const examples = [...examplesIn(document.components.schemas, '#/components/schemas')];
    expect(examples.length).toBeGreaterThan(50);
    for (const [ref, example] of examples) {
      const validateOne = validate(ref);
      expect([ref, example, validateOne(example), validateOne.errors]).toEqual([ref, example, true, null]);
    }
  });
});

/** Every example, with its schema. */
function* examplesIn(value: unknown, at: string): Generator<[ref: string, example: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (name === 'examples' && Array.isArray(member)) for (const example of member) yield [at, example];
    else yield* examplesIn(member, `${at}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
  }
}

/** Bodies that only differ in what a keyword can say. */
const BODIES: [schema: string, code: v.GenericSchema, bodies: unknown[]][] = [
  [
    'NewToken',
    ADD_TOKEN,
    [
      {},
      { description: 'x'.repeat(256) },
      { description: 'x'.repeat(257) },
      { description: 'a\u0000' },
      { description: 'a\u2028\u00e9' },
      { access: 'push' },
      { access: 'all' },
      { access: null },
      { expiresInSeconds: 60 },
      { expiresInSeconds: 59 },
      { expiresInSeconds: 60.5 },
      { expiresInSeconds: 31_536_001 },
      { repositories: null },
      { repositories: [] },
      { repositories: Array.from({ length: 32 }, (_, i) => `team-a/${i}`) },
      { repositories: Array.from({ length: 33 }, (_, i) => `team-a/${i}`) },
      { retrievable: 'no' },
      { unknown: 1 },
      null,
      'text',
    ],
  ],
  [
    'TokenChange',
    CHANGE_TOKEN,
    [{ disabled: true }, { nonExpiring: true }, { nonExpiring: false }, { repositories: null }, { id: 'x' }],
  ],
  [
    'TokenRotation',
    ROTATE_TOKEN,
    [{}, { graceSeconds: 0 }, { graceSeconds: -1 }, { graceSeconds: 604_801 }, { force: true }, { force: 1 }],
  ],
  [
    'NewPolicy',
    policySchema({ issuer: 'dev' }),
    [{ subject: 'bob', role: 'reader' }, { subject: 'bob' }, { subject: 'bob', role: 'owner' }],
  ],
  [
    'CredentialRequest',
    VEND_CREDENTIAL,
    [
      {},
      { expiresInSeconds: 43_200 },
      { expiresInSeconds: 43_201 },
      { format: 'ecr' },
      { format: 'yaml' },
      { service: 1 },
    ],
  ],
];

describe.each(BODIES)('the schema %s', (name, schema, bodies) => {
  const validate = validator()(`#/components/schemas/${name}`);
  it.each(bodies.map(body => [JSON.stringify(body).slice(0, 60), body]))(
    'takes %s if the code does',
    (_, body) => {
      expect(validate(body)).toBe(v.safeParse(schema, body).success);
    },
  );
});

describe('a schema of the code', () => {
  it('is described by what its checks say, where no keyword can', () => {
    const even = v.pipe(
      v.number(),
      v.check(n => n % 2 === 0, 'must be even'),
    );
    expect(schemaOf(even)).toEqual({ type: 'number', description: 'Must be even.' });
    const odd = v.pipe(
      v.number(),
      v.description('Any.'),
      v.check(n => n % 2 === 1, 'must be odd'),
    );
    expect(schemaOf(odd)).toEqual({ type: 'number', description: 'Any. Must be odd.' });
  });

  it('is refused when a check has neither a keyword nor words', () => {
    const silent = v.pipe(
      v.number(),
      v.check(n => n > 0),
    );
    const raw = v.pipe(
      v.number(),
      v.rawCheck(() => {}),
    );
    expect(() => schemaOf(silent)).toThrow('without words');
    expect(() => schemaOf(raw)).toThrow('without words');
    expect(schemaOf(raw, 'Small.')).toEqual({ type: 'number', description: 'Small.' });
  });

  it('keeps the pattern of an expression that JSON Schema reads the same way, and no other', () => {
    const letters = v.pipe(v.string(), v.regex(/^\p{L}$/u, 'must be a letter'));
    expect(schemaOf(letters)).toMatchObject({ pattern: '^\\p{L}$', description: 'Must be a letter.' });
    expect(schemaOf(v.pipe(v.string(), v.regex(/^a$/)))).toEqual({ type: 'string', pattern: '^a$' });
    expect(() => schemaOf(v.pipe(v.string(), v.regex(/^a$/i)))).toThrow('flags');
  });

  it('that may be null has null among its types, but for one of a few values', () => {
    expect(schemaOf(v.nullable(v.string()))).toEqual({ type: ['string', 'null'] });
    expect(schemaOf(v.nullable(v.picklist(['a'])))).toHaveProperty('anyOf');
  });

  it('refers to the others by name', () => {
    const Inner = v.strictObject({ a: v.optional(v.string()) });
    expect(schemasOf({ Inner, Outer: v.array(Inner) })).toEqual({
      Inner: { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
      Outer: { type: 'array', items: { $ref: '#/components/schemas/Inner' } },
    });
  });
});
