/**
 * The one table, as every store uses it: items under a partition and a sort key, conditions and changes as data. The
 * adapters (DynamoDB by two transports, SQLite in process) are held to one contract suite.
 */

/**
 * What an attribute holds. Numbers are whole and within 2^53; texts are well-formed. Null: something that this program
 * does not write.
 */
export type Value =
  | string
  | number
  | Uint8Array
  | readonly string[]
  | Readonly<Record<string, string>>
  | null;
export type Attributes = Readonly<Record<string, Value>>;

/** Texts of 1 to 2048 and 1 to 1024 bytes. Items of a partition are sorted by the UTF-8 bytes of `sk`. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export type Item = Key & Attributes;

/**
 * What must hold of the stored item. An item that is not there has no attributes; a comparison with an absent attribute,
 * or with one of another type, does not hold. Texts are compared by their UTF-8 bytes. DynamoDB takes no empty list of
 * conditions.
 */
export type Condition =
  | { readonly exists: string }
  | { readonly absent: string }
  | { readonly attribute: string; readonly is: '=' | '<' | '<=' | '>'; readonly value: string | number }
  | { readonly all: Conditions }
  | { readonly any: Conditions };
export type Conditions = readonly [Condition, ...Condition[]];

/** What becomes of an item's attributes, each named once. Never `pk` or `sk`. */
export interface Change {
  readonly set?: Attributes;
  /** Set where the attribute is absent. */
  readonly setIfAbsent?: Attributes;
  /** Whole numbers to add; an absent attribute counts as 0, and another type is refused. Sums stay within 2^53. */
  readonly add?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
}

export interface QueryRange {
  readonly pk: string;
  /** What the sort keys begin with; empty: all. */
  readonly prefix: string;
  /** Goes on behind this sort key, which begins with the prefix; there need not be an item. */
  readonly after?: string | undefined;
  /** Items that are examined; fewer may be answered. */
  readonly limit?: number;
  readonly descending?: boolean;
  /** Only items of which it holds are answered. It names no part of the key. */
  readonly where?: Condition;
}

export interface ScanRange {
  readonly after?: Key | undefined;
  readonly limit?: number;
  readonly where?: Condition;
  /** The attributes to answer beside the key; absent: all. */
  readonly attributes?: readonly string[];
}

/** Some items, and where to go on; `next` undefined: that was all. A page may end before its limit, even empty. */
export interface Page<Next> {
  readonly items: readonly Item[];
  readonly next: Next | undefined;
}

/**
 * Every read is strongly consistent (a scan may miss what changes meanwhile). Every method throws `unavailable` when the
 * table did not answer in full, or refuses what it was given; a write that threw may have been applied.
 */
export interface Table {
  get(key: Key): Promise<Item | undefined>;
  /** The items with these keys (at most 100, each once), in no order. An item that was not read is never an absence. */
  batchGet(keys: readonly Key[]): Promise<readonly Item[]>;
  query(range: QueryRange): Promise<Page<string>>;
  scan(range: ScanRange): Promise<Page<Key>>;
  /** Adds the item. False: there is one with its key. On AWS this alone can be permitted without overwriting. */
  insert(item: Item): Promise<boolean>;
  /** Replaces the item as a whole. False: the condition did not hold. Rejects when the signal says so. */
  put(item: Item, condition?: Condition, signal?: AbortSignal): Promise<boolean>;
  /** Changes an item, or makes one. False: the condition did not hold. Rejects when the signal says so. */
  update(key: Key, change: Change, condition?: Condition, signal?: AbortSignal): Promise<boolean>;
  /** Deletes the item, if there is one. False: the condition did not hold. */
  delete(key: Key, condition?: Condition): Promise<boolean>;
}

export const exists = (attribute: string): Condition => ({ exists: attribute });
export const absent = (attribute: string): Condition => ({ absent: attribute });
export const compare = (
  attribute: string,
  is: '=' | '<' | '<=' | '>',
  value: string | number,
): Condition => ({ attribute, is, value });
export const all = (...conditions: Conditions): Condition => ({ all: conditions });
export const any = (...conditions: Conditions): Condition => ({ any: conditions });
