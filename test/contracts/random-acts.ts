/** Random acts against two tables, which must answer alike and come to hold the same. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Condition, Item, Key, Table } from '../../lib/ports/table.ts';
import { pagesOf, plain, scanAll } from './table.ts';

/** Few keys, names and values, so that acts and conditions meet; the odd characters sort differently as UTF-16 and as UTF-8. */
const PKS = ['a', 'é'];
const SKS = ['p#', 'p#a', 'P#a', 'p#\u0000', 'p#\ue000', 'p#\u{1F600}', 'p#\u{10FFFF}', 'p', 'q'];
const NAMES = ['one', 'two', 'size'];
const TEXTS = ['', 'a', '\ue000', '\u{1F600}'];
const NUMBERS = [-1, 9, 10, Number.MAX_SAFE_INTEGER];

const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom(...TEXTS);
const number = fc.constantFrom(...NUMBERS);
const key: fc.Arbitrary<Key> = fc.record({ pk: fc.constantFrom(...PKS), sk: fc.constantFrom(...SKS) });
const value = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: number },
  fc.uint8Array({ maxLength: 3 }),
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('x', 'y.z', 'constructor'), text, { noNullPrototype: true }),
  fc.constant(null),
);
const attributes = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });

const { condition } = fc.letrec<{ condition: Condition; list: [Condition, ...Condition[]] }>(tie => ({
  list: fc.array(tie('condition'), { minLength: 1, maxLength: 3 }) as fc.Arbitrary<
    [Condition, ...Condition[]]
  >,
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({ exists: name }),
    fc.record({ absent: name }),
    {
      weight: 4,
      arbitrary: fc.record({
        attribute: fc.constantFrom(...NAMES, 'sum'),
        is: fc.constantFrom('=' as const, '<' as const, '<=' as const, '>' as const),
        value: fc.oneof(text, number),
      }),
    },
    fc.record({ all: tie('list') }),
    fc.record({ any: tie('list') }),
  ),
}));
/** Of a write: it may ask for the item as well. */
const writeCondition = fc.option(
  fc.oneof(condition, fc.constantFrom<Condition>({ exists: 'pk' }, { absent: 'pk' })),
  { nil: undefined },
);
/** Of the one attribute that is added to: few numbers, so that no sum leaves what a number can be. */
const summed = fc.option(
  fc.tuple(fc.constantFrom('add', 'add', 'set', 'remove'), fc.constant('sum'), fc.constantFrom(-1, 0, 9)),
  { nil: undefined },
);
const change = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom('set', 'setIfAbsent', 'remove'), name, value), { maxLength: 4 }),
    summed,
  )
  .map(([others, sum]) => {
    const parts = sum === undefined ? others : [...others, sum];
    const each = [...new Map(parts.map(part => [part[1], part])).values()];
    const ofKind = (kind: string) => each.filter(part => part[0] === kind).map(([, ...rest]) => rest);
    return {
      set: Object.fromEntries(ofKind('set')),
      setIfAbsent: Object.fromEntries(ofKind('setIfAbsent')),
      add: Object.fromEntries(ofKind('add')),
      remove: ofKind('remove').map(([removed]) => removed),
    };
  });
const where = fc.option(condition, { nil: undefined });
const bounds = fc.record({ limit: fc.integer({ min: 1, max: 12 }), where });

type Act = (table: Table) => Promise<unknown>;

/** An act, with the text that a failure shows. */
const act: fc.Arbitrary<{ readonly text: string; readonly run: Act }> = fc
  .oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('put' as const), key, attributes, writeCondition) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('insert' as const), key, attributes) },
    { weight: 6, arbitrary: fc.tuple(fc.constant('update' as const), key, change, writeCondition) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('delete' as const), key, writeCondition) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('get' as const), key) },
    fc.tuple(fc.constant('batchGet' as const), fc.uniqueArray(key, { maxLength: 20, selector: textOf })),
    {
      weight: 3,
      arbitrary: fc.tuple(
        fc.constant('query' as const),
        fc.constantFrom(...PKS),
        fc.constantFrom('', 'p', 'p#', 'q'),
        bounds,
        fc.boolean(),
      ),
    },
    fc.tuple(fc.constant('scan' as const), bounds, fc.option(fc.uniqueArray(name), { nil: undefined })),
  )
  .map(parts => ({ text: fc.stringify(parts), run: table => carryOut(table, parts) }));

type Parts =
  | ['put', Key, Record<string, Item[string]>, Condition | undefined]
  | ['insert', Key, Record<string, Item[string]>]
  | ['update', Key, object, Condition | undefined]
  | ['delete', Key, Condition | undefined]
  | ['get', Key]
  | ['batchGet', Key[]]
  | ['query', string, string, { limit: number; where: Condition | undefined }, boolean]
  | ['scan', { limit: number; where: Condition | undefined }, string[] | undefined];

async function carryOut(table: Table, parts: Parts): Promise<unknown> {
  switch (parts[0]) {
    case 'put':
      return table.put({ ...parts[2], ...parts[1] }, parts[3]);
    case 'insert':
      return table.insert({ ...parts[2], ...parts[1] });
    case 'update':
      return table.update(parts[1], parts[2], parts[3]);
    case 'delete':
      return table.delete(parts[1], parts[2]);
    case 'get':
      return plain(await table.get(parts[1]));
    case 'batchGet':
      return (await table.batchGet(parts[1])).map(plain).toSorted(byText);
    case 'query': {
      const [, pk, prefix, { limit, where: filter }, descending] = parts;
      const range = { pk, prefix, limit, descending, ...(filter && { where: filter }) };
      const pages = await pagesOf<string>(after => table.query({ ...range, after }));
      return pages.map(page => page.items.map(plain)).filter(items => items.length > 0);
    }
    case 'scan': {
      const [, { limit, where: filter }, names] = parts;
      const range = { limit, ...(filter && { where: filter }), ...(names && { attributes: names }) };
      const pages = await pagesOf<Key>(after => table.scan({ ...range, after }));
      // Tables differ in their order, and so in what is on which page.
      return pages.flatMap(page => page.items.map(plain)).toSorted(byText);
    }
  }
}

/** Runs sequences of up to `length` acts on tables that begin with the same content. */
export async function expectAgreement(
  [one, other]: readonly [Table, Table],
  { runs, length }: { readonly runs: number; readonly length: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: length / 2, maxLength: length }), async acts => {
      for (const table of [one, other]) await clear(table);
      for (const { text, run } of acts) {
        const [first, second] = await Promise.all([run(one), run(other)]);
        expect([text, second]).toEqual([text, first]);
      }
      expect((await scanAll(other)).map(plain)).toEqual((await scanAll(one)).map(plain));
    }),
    { numRuns: runs, interruptAfterTimeLimit: 120_000 },
  );
}

async function clear(table: Table): Promise<void> {
  for (const { pk, sk } of await scanAll(table)) await table.delete({ pk, sk });
}

function textOf(value: unknown): string {
  return JSON.stringify(value);
}

function byText(a: unknown, b: unknown): number {
  const [first, second] = [canonical(a), canonical(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function canonical(item: unknown): string {
  return textOf(Object.entries(item as object).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
