/** What every adapter of the table must do: the laws of lib/ports/table.ts. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  absent,
  all,
  any,
  type Condition,
  compare,
  exists,
  type Item,
  type Key,
  type Page,
  type Table,
} from '../../lib/ports/table.ts';
import { rejectionOf } from '../support/errors.ts';

const PK = 'account#x';
const KEY = { pk: PK, sk: 'token#1' };

/** One value of every type, and odd ones. */
const FULL = {
  ...KEY,
  text: 'é\u{1F600}\u0000"',
  empty: '',
  zero: 0,
  negative: -1,
  largest: Number.MAX_SAFE_INTEGER,
  bytes: new Uint8Array([0, 1, 254, 255]),
  noBytes: new Uint8Array(),
  list: ['b', 'a', 'b', ''],
  noList: [],
  map: { name: 'x', constructor: '', 'a.b': 'c' },
  noMap: {},
  unknown: null,
  size: 1,
} satisfies Item;

/** Condition, and whether it holds of FULL. */
const CONDITIONS: readonly (readonly [Condition, boolean])[] = [
  [exists('pk'), true],
  [exists('text'), true],
  [exists('unknown'), true],
  [exists('other'), false],
  [exists('constructor'), false],
  [absent('text'), false],
  [absent('unknown'), false],
  [absent('other'), true],
  [compare('text', '=', FULL.text), true],
  [compare('text', '=', 'É'), false],
  [compare('empty', '=', ''), true],
  [compare('empty', '<', 'a'), true],
  [compare('negative', '<', 0), true],
  [compare('negative', '<', -1), false],
  [compare('negative', '<=', -1), true],
  [compare('negative', '>', -2), true],
  [compare('negative', '>', -1), false],
  [compare('zero', '=', 0), true],
  [compare('largest', '>', 10), true],
  // As texts these compare the other way round.
  [compare('size', '<', 10), true],
  ...(['text', 'empty', 'bytes', 'list', 'map', 'unknown', 'other'] as const).flatMap(name =>
    (['=', '<', '<=', '>'] as const).map(is => [compare(name, is, 0), false] as const),
  ),
  ...(['zero', 'bytes', 'list', 'map', 'unknown', 'other'] as const).flatMap(name =>
    (['=', '<', '<=', '>'] as const).map(is => [compare(name, is, ''), false] as const),
  ),
  [all(exists('text'), exists('zero')), true],
  [all(exists('text'), exists('other')), false],
  [any(exists('other'), exists('text')), true],
  [any(exists('other'), absent('text')), false],
  [all(any(exists('other')), exists('text')), false],
  [all(any(exists('other'), all(exists('text'))), any(absent('other'))), true],
  [any(all(compare('zero', '>', 0), exists('text')), compare('size', '=', 1)), true],
];

/** Sorted by the bytes of UTF-8; UTF-16 would put the emoji before U+FFFD. */
const SORTED = [
  '\u0000',
  ' ',
  'A',
  'B',
  'a',
  'a\u0000',
  'aa',
  'b',
  '\u007f',
  'é',
  '\ud7ff',
  '\ue000',
  '\ufffd',
  '\u{1F600}',
];

/** `open` answers an empty table. */
export function tableContract(open: () => Promise<Table>): void {
  let table: Table;
  beforeAll(async () => {
    table = await open();
  });

  /** The same table, emptied. */
  async function empty(): Promise<Table> {
    for (const { pk, sk } of await scanAll(table)) await table.delete({ pk, sk });
    return table;
  }

  describe('an item', () => {
    it('is read as it was written, with attributes of every type', async () => {
      await empty();
      expect(await table.put(FULL)).toBe(true);
      expect(plain(await table.get(KEY))).toEqual(plain(FULL));
      expect((await table.batchGet([KEY])).map(plain)).toEqual([plain(FULL)]);
    });

    it('that is not there is undefined', async () => {
      await empty();
      await table.put(FULL);
      expect(await table.get({ pk: PK, sk: 'token#' })).toBeUndefined();
      expect(await table.get({ pk: 'account#', sk: 'token#1' })).toBeUndefined();
    });

    it('is replaced as a whole', async () => {
      await empty();
      await table.put(FULL);
      await table.put({ ...KEY, other: 'x' });
      expect(await table.get(KEY)).toEqual({ ...KEY, other: 'x' });
    });

    it('may hold nothing but its key', async () => {
      await empty();
      await table.put(KEY);
      expect(await table.get(KEY)).toEqual(KEY);
    });

    it('is gone when it is deleted, and may be deleted again', async () => {
      await empty();
      await table.put(FULL);
      expect(await table.delete(KEY)).toBe(true);
      expect(await table.get(KEY)).toBeUndefined();
      expect(await table.delete(KEY)).toBe(true);
    });
  });

  describe('an update', () => {
    it('sets, sets what is absent, removes, and leaves the rest', async () => {
      await empty();
      await table.put({ ...KEY, a: 'a', b: 'b', c: 'c', d: 'd' });
      const change = {
        set: { a: 1, e: ['e'] },
        setIfAbsent: { b: 'other', f: FULL.bytes },
        remove: ['c', 'none'],
      };
      expect(await table.update(KEY, change)).toBe(true);
      expect(plain(await table.get(KEY))).toEqual(
        plain({ ...KEY, a: 1, b: 'b', d: 'd', e: ['e'], f: FULL.bytes }),
      );
    });

    it.each([
      [
        { set: { a: 1 }, setIfAbsent: { b: 2 }, remove: ['c'] },
        { a: 1, b: 2 },
      ],
      [{ remove: ['c'] }, {}],
      [{}, {}],
    ])('makes an item where there is none: %o', async (change, attributes) => {
      await empty();
      expect(await table.update(KEY, change)).toBe(true);
      expect(await table.get(KEY)).toEqual({ ...KEY, ...attributes });
    });

    it('adds to a number, to nothing as to 0, and beside all else that it changes', async () => {
      await empty();
      expect(await table.update(KEY, { add: { sum: 5 }, set: { a: 'a' } })).toBe(true);
      await table.update(KEY, { add: { sum: -7, other: 0 }, setIfAbsent: { a: 'b', b: 'b' }, remove: ['c'] });
      expect(await table.get(KEY)).toEqual({ ...KEY, sum: -2, other: 0, a: 'a', b: 'b' });
      expect(await table.update(KEY, { add: { sum: 1 } }, compare('sum', '<', -1))).toBe(true);
      expect(await table.update(KEY, { add: { sum: 1 } }, compare('sum', '<', -1))).toBe(false);
      expect(await table.get(KEY)).toMatchObject({ sum: -1 });
    });

    it('adds up what many add at once', async () => {
      await empty();
      await Promise.all(Array.from({ length: 40 }, (_, n) => table.update(KEY, { add: { sum: n } })));
      expect(await table.get(KEY)).toEqual({ ...KEY, sum: 780 });
    });

    it.each(['text', 'bytes', 'list', 'map', 'unknown'])(
      'refuses to add to what is no number: %s',
      async name => {
        await empty();
        await table.put(FULL);
        const act = table.update(KEY, { add: { [name]: 1, size: 1 }, set: { empty: 'x' } });
        expect(await rejectionOf(act)).toMatchObject({ code: 'unavailable' });
        expect(await table.update(KEY, { add: { [name]: 1 } }, absent('pk'))).toBe(false);
        expect(plain(await table.get(KEY))).toEqual(plain(FULL));
      },
    );

    it('rejects when its signal was aborted, and changes nothing', async () => {
      await empty();
      await rejectionOf(table.update(KEY, { set: { a: 1 } }, undefined, AbortSignal.abort()));
      expect(await table.get(KEY)).toBeUndefined();
    });

    it('is carried out while its signal is not aborted', async () => {
      await empty();
      const { signal } = new AbortController();
      expect(await table.update(KEY, { set: { a: 1 } }, absent('pk'), signal)).toBe(true);
      expect(await table.get(KEY)).toEqual({ ...KEY, a: 1 });
    });
  });

  describe('a condition', () => {
    it('holds or not, of an item with every type', async () => {
      await empty();
      await table.put(FULL);
      for (const [condition, expected] of CONDITIONS) {
        const what = JSON.stringify(condition);
        expect([what, await table.update(KEY, { set: { touched: 1 } }, condition)]).toEqual([what, expected]);
      }
    });

    it('is of no attribute where there is no item', async () => {
      await empty();
      for (const [condition, expected] of [
        [exists('pk'), false],
        [absent('pk'), true],
        [absent('a'), true],
        [compare('a', '<', 1), false],
        [compare('a', '=', ''), false],
        [any(absent('pk'), compare('a', '=', 1)), true],
        [all(absent('pk'), compare('a', '=', 1)), false],
      ] as const) {
        const what = JSON.stringify(condition);
        expect([what, await table.delete(KEY, condition)]).toEqual([what, expected]);
        expect([what, await table.put(KEY, condition)]).toEqual([what, expected]);
        await table.delete(KEY);
      }
    });

    it('that does not hold leaves the item as it was', async () => {
      await empty();
      await table.put(FULL);
      expect(await table.put({ ...KEY, other: 'x' }, absent('pk'))).toBe(false);
      expect(await table.update(KEY, { set: { text: 'x' }, remove: ['zero'] }, exists('other'))).toBe(false);
      expect(await table.delete(KEY, compare('size', '>', 1))).toBe(false);
      expect(plain(await table.get(KEY))).toEqual(plain(FULL));
    });

    it('that does not hold makes no item', async () => {
      await empty();
      expect(await table.update(KEY, { set: { a: 1 } }, exists('pk'))).toBe(false);
      expect(await table.put(KEY, exists('a'))).toBe(false);
      expect(await table.get(KEY)).toBeUndefined();
    });

    it('inserts an item of every type where there is none, and leaves one that is there as it was', async () => {
      await empty();
      expect(await table.insert(FULL)).toBe(true);
      expect(plain(await table.get(KEY))).toEqual(plain(FULL));
      expect(await table.insert({ ...KEY, other: 'x' })).toBe(false);
      expect(plain(await table.get(KEY))).toEqual(plain(FULL));
    });

    it('inserts one of several items with the same key', async () => {
      await empty();
      const writers = Array.from({ length: 8 }, (_, writer) => table.insert({ ...KEY, writer }));
      expect((await Promise.all(writers)).filter(isWritten => isWritten)).toHaveLength(1);
    });

    it('of the same kind lets one of several writers through', async () => {
      await empty();
      const writers = Array.from({ length: 8 }, (_, writer) => table.put({ ...KEY, writer }, absent('pk')));
      expect((await Promise.all(writers)).filter(isWritten => isWritten)).toHaveLength(1);
    });

    it('compares texts by their bytes', async () => {
      await empty();
      await table.put({ ...KEY, text: '\ufffd' });
      expect(await table.put({ ...KEY, text: '\ufffd' }, compare('text', '<', '\u{1F600}'))).toBe(true);
      expect(await table.put({ ...KEY, text: '\ufffd' }, compare('text', '>', '\ue000'))).toBe(true);
    });
  });

  describe('a batch', () => {
    it('answers the items that are there, of 100 keys', async () => {
      await empty();
      const keys = Array.from({ length: 100 }, (_, index) => ({ pk: `p${index % 7}`, sk: `s${index}` }));
      for (const key of keys.slice(0, 60)) await table.put({ ...key, sum: key.sk });
      const items = await table.batchGet(keys);
      expect(items.map(({ sk, sum }) => [sk, sum]).sort()).toEqual(
        keys
          .slice(0, 60)
          .map(({ sk }) => [sk, sk])
          .sort(),
      );
    });

    it('of no key answers nothing', async () => {
      expect(await table.batchGet([])).toEqual([]);
    });

    it('of 101 keys is refused', async () => {
      const keys = Array.from({ length: 101 }, (_, index) => ({ pk: 'p', sk: `s${index}` }));
      expect(await rejectionOf(table.batchGet(keys))).toMatchObject({ code: 'unavailable' });
    });
  });

  describe('a query', () => {
    it('answers a partition in the order of the bytes, in both directions', async () => {
      await empty();
      for (const sk of SORTED.toReversed()) await table.put({ pk: PK, sk });
      await table.put({ pk: `${PK}x`, sk: 'a' });
      const sorted = SORTED.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const ascending = await table.query({ pk: PK, prefix: '' });
      expect(ascending).toEqual({ items: sorted.map(sk => ({ pk: PK, sk })), next: undefined });
      const descending = await table.query({ pk: PK, prefix: '', descending: true });
      expect(descending.items.map(({ sk }) => sk)).toEqual(sorted.toReversed());
    });

    it('answers what begins with the prefix and nothing else', async () => {
      await empty();
      const inside = ['p#', 'p#\u0000', 'p#a', 'p#\u{10FFFF}', 'p#\u{10FFFF}\u{10FFFF}'];
      // No capitals: dynoxide takes a prefix for the same in either case.
      for (const sk of [...inside, 'p', 'p"', 'p$', 'q']) await table.put({ pk: PK, sk });
      for (const descending of [false, true]) {
        const { items } = await table.query({ pk: PK, prefix: 'p#', descending });
        const found = items.map(({ sk }) => sk);
        expect(descending ? found.toReversed() : found).toEqual(inside);
      }
    });

    it('goes on behind a key, also one that is not there', async () => {
      await empty();
      for (const sk of ['p#a', 'p#c', 'p#e']) await table.put({ pk: PK, sk });
      const behind = async (after: string, descending: boolean) =>
        (await table.query({ pk: PK, prefix: 'p#', after, descending })).items.map(({ sk }) => sk);
      expect(await behind('p#c', false)).toEqual(['p#e']);
      expect(await behind('p#b', false)).toEqual(['p#c', 'p#e']);
      expect(await behind('p#e', false)).toEqual([]);
      expect(await behind('p#c', true)).toEqual(['p#a']);
      expect(await behind('p#d', true)).toEqual(['p#c', 'p#a']);
      expect(await behind('p#a', true)).toEqual([]);
      const all = await table.query({ pk: PK, prefix: '', after: 'p#b' });
      expect(all.items.map(({ sk }) => sk)).toEqual(['p#c', 'p#e']);
    });

    it.each([false, true])('is read page by page, each item once (descending: %s)', async descending => {
      await empty();
      const keys = Array.from({ length: 7 }, (_, index) => `p#${index}`);
      for (const sk of keys) await table.put({ pk: PK, sk });
      for (const limit of [1, 2, 3, 7, 8]) {
        const pages = await pagesOf<string>(after =>
          table.query({ pk: PK, prefix: 'p#', descending, limit, after }),
        );
        const found = pages.flatMap(({ items }) => items.map(({ sk }) => sk));
        expect(descending ? found.toReversed() : found).toEqual(keys);
        expect(Math.max(...pages.map(({ items }) => items.length))).toBeLessThanOrEqual(limit);
      }
    });

    it('counts what it examines, not what it answers', async () => {
      await empty();
      for (const [index, sk] of ['a', 'b', 'c', 'd'].entries()) await table.put({ pk: PK, sk, index });
      const where = compare('index', '>', 2);
      const first = await table.query({ pk: PK, prefix: '', limit: 2, where });
      expect(first).toEqual({ items: [], next: 'b' });
      const second = await table.query({ pk: PK, prefix: '', limit: 2, where, after: 'b' });
      expect(second.items).toEqual([{ pk: PK, sk: 'd', index: 3 }]);
    });

    it('filters by any condition', async () => {
      await empty();
      await table.put(FULL);
      for (const [condition, expected] of CONDITIONS.filter(
        ([each]) => !JSON.stringify(each).includes('"pk"'),
      )) {
        const what = JSON.stringify(condition);
        const { items } = await table.query({ pk: PK, prefix: 'token#', where: condition });
        expect([what, items.length === 1]).toEqual([what, expected]);
      }
    });

    it('of an empty partition is empty', async () => {
      await empty();
      expect(await table.query({ pk: 'none', prefix: 'x' })).toEqual({ items: [], next: undefined });
    });
  });

  describe('a scan', () => {
    it('answers every item once, page by page', async () => {
      await empty();
      const keys = Array.from({ length: 9 }, (_, index) => ({ pk: `p${index % 4}`, sk: `s${index}` }));
      for (const key of keys) await table.put({ ...key });
      for (const limit of [1, 2, 5, 9, 20]) {
        const pages = await pagesOf<Key>(after => table.scan({ limit, after }));
        expect(sorted(pages.flatMap(({ items }) => items))).toEqual(sorted(keys));
      }
    });

    it('filters, and answers the attributes that are wanted beside the key', async () => {
      await empty();
      await table.put({ pk: 'p', sk: 'a', end: 1, text: 'x', more: 'y' });
      await table.put({ pk: 'p', sk: 'b', end: 2 });
      await table.put({ pk: 'p', sk: 'c' });
      const { items } = await table.scan({
        where: compare('end', '<', 2),
        attributes: ['end', 'text', 'none', 'pk'],
      });
      expect(items).toEqual([{ pk: 'p', sk: 'a', end: 1, text: 'x' }]);
    });

    it('of an empty table is empty', async () => {
      await empty();
      expect(await table.scan({ limit: 1 })).toEqual({ items: [], next: undefined });
    });
  });

  describe('a key', () => {
    it('has up to 2048 and 1024 bytes', async () => {
      await empty();
      const longest = { pk: 'é'.repeat(1024), sk: 'é'.repeat(512) };
      await table.put({ ...longest, a: 1 });
      expect(await table.get(longest)).toEqual({ ...longest, a: 1 });
    });

    it.each<[string, Key]>([
      ['an empty pk', { pk: '', sk: 'x' }],
      ['an empty sk', { pk: 'x', sk: '' }],
      ['a pk of 2049 bytes', { pk: `${'é'.repeat(1024)}x`, sk: 'x' }],
      ['an sk of 1025 bytes', { pk: 'x', sk: `${'é'.repeat(512)}x` }],
    ])('is refused: %s', async (_, key) => {
      const calls = [
        () => table.get(key),
        () => table.put({ ...key }),
        () => table.update(key, {}),
        () => table.delete(key),
        () => table.batchGet([key]),
      ];
      for (const call of calls) expect(await rejectionOf(call())).toMatchObject({ code: 'unavailable' });
    });
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the number %s', async number => {
    await empty();
    const calls = [
      () => table.put({ ...KEY, number }),
      () => table.update(KEY, { set: { number } }),
      () => table.update(KEY, { add: { number } }),
    ];
    for (const call of calls) expect(await rejectionOf(call())).toMatchObject({ code: 'unavailable' });
    expect(await table.get(KEY)).toBeUndefined();
  });
}

/** All pages, one after the other. */
export async function pagesOf<Next>(
  read: (after: Next | undefined) => Promise<Page<Next>>,
): Promise<Page<Next>[]> {
  const pages: Page<Next>[] = [];
  do pages.push(await read(pages.at(-1)?.next));
  while (pages.at(-1)?.next !== undefined);
  return pages;
}

/** All items, sorted by their keys. */
export async function scanAll(table: Table): Promise<Item[]> {
  const pages = await pagesOf<Key>(after => table.scan({ after }));
  return sorted(pages.flatMap(({ items }) => items));
}

function sorted<K extends Key>(keys: readonly K[]): K[] {
  const text = ({ pk, sk }: Key) => JSON.stringify([pk, sk]);
  return keys.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}

/** An item with its bytes as text: adapters differ in the class that holds them. */
export function plain(item: Item | undefined): object | undefined {
  return item && Object.fromEntries(Object.entries(item).map(([name, value]) => [name, readable(value)]));
}

function readable(value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value;
}
