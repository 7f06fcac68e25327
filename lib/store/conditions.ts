/** Conditions and changes: what they mean for an item in memory, and as the expressions and attributes of DynamoDB. */

import { unavailable } from '../domain/errors.ts';
import type { Attributes, Change, Condition, Item, Value } from '../ports/table.ts';

/** Whether the condition holds of the stored item; undefined: there is none. */
export function holds(condition: Condition, item: Attributes = {}): boolean {
  if ('all' in condition) return condition.all.every(part => holds(part, item));
  if ('any' in condition) return condition.any.some(part => holds(part, item));
  if ('exists' in condition) return Object.hasOwn(item, condition.exists);
  if ('absent' in condition) return !Object.hasOwn(item, condition.absent);
  const { attribute, is, value } = condition;
  const order = compareValues(item[attribute], value);
  return order !== undefined && ORDERS[is](order);
}

/** The attributes after the change; undefined: the item is not there yet. Throws `unavailable` for a sum with no number. */
export function changed(before: Attributes | undefined, change: Change): Attributes {
  const after: Record<string, Value> = { ...change.setIfAbsent, ...before, ...change.set };
  for (const [name, summand] of Object.entries(change.add ?? {}))
    after[name] = sumOf(before?.[name], summand);
  for (const name of change.remove ?? []) delete after[name];
  return after;
}

function sumOf(value: Value | undefined = 0, summand: number): number {
  if (typeof value !== 'number') throw unavailable('store: a sum with no number');
  return value + summand;
}

const ORDERS = {
  '=': order => order === 0,
  '<': order => order < 0,
  '<=': order => order <= 0,
  '>': order => order > 0,
} satisfies Record<string, (order: number) => boolean>;

/** Below, at or above zero; undefined for values of different types. */
function compareValues(value: Value | undefined, other: string | number): number | undefined {
  if (typeof value === 'number' && typeof other === 'number') return value - other;
  if (typeof value !== 'string' || typeof other !== 'string') return undefined;
  // DynamoDB compares the bytes of UTF-8; JavaScript would compare UTF-16, which sorts some characters otherwise.
  return value === other ? 0 : Buffer.compare(Buffer.from(value), Buffer.from(other));
}

/**
 * Renders the expressions of one request, and collects what they name. Every attribute is written `#name`, because many
 * of our names are reserved words. Only what is rendered is named: IAM counts the attributes of a condition among those
 * that are written.
 */
export class Expressions {
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, object> = {};
  readonly #bytes: BytesForm;

  constructor(bytes: BytesForm) {
    this.#bytes = bytes;
  }

  name(attribute: string): string {
    this.#names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  value(value: Value): string {
    const placeholder = `:v${Object.keys(this.#values).length}`;
    this.#values[placeholder] = encodeValue(value, this.#bytes);
    return placeholder;
  }

  condition(condition: Condition): string {
    if ('exists' in condition) return `attribute_exists(${this.name(condition.exists)})`;
    if ('absent' in condition) return `attribute_not_exists(${this.name(condition.absent)})`;
    if ('all' in condition) return this.#join(condition.all, ' AND ');
    if ('any' in condition) return this.#join(condition.any, ' OR ');
    return `${this.name(condition.attribute)} ${condition.is} ${this.value(condition.value)}`;
  }

  /** Undefined for a change of nothing, which makes the item where there is none. */
  update({ set = {}, setIfAbsent = {}, add = {}, remove = [] }: Change): string | undefined {
    const sets = Object.entries(set).map(([name, value]) => `${this.name(name)} = ${this.value(value)}`);
    const defaults = Object.entries(setIfAbsent).map(([name, value]) => {
      const attribute = this.name(name);
      return `${attribute} = if_not_exists(${attribute}, ${this.value(value)})`;
    });
    const assignments = [...sets, ...defaults];
    const sums = Object.entries(add).map(([name, summand]) => `${this.name(name)} ${this.value(summand)}`);
    const clauses = [
      ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
      ...(sums.length > 0 ? [`ADD ${sums.join(', ')}`] : []),
      ...(remove.length > 0 ? [`REMOVE ${remove.map(name => this.name(name)).join(', ')}`] : []),
    ];
    return clauses.length > 0 ? clauses.join(' ') : undefined;
  }

  /** The members of the request that say what the expressions stand for. DynamoDB refuses empty ones. */
  members(): object {
    return {
      ...(Object.keys(this.#names).length > 0 ? { ExpressionAttributeNames: this.#names } : {}),
      ...(Object.keys(this.#values).length > 0 ? { ExpressionAttributeValues: this.#values } : {}),
    };
  }

  /** DynamoDB refuses parentheses around parentheses. */
  #join(conditions: readonly Condition[], operator: string): string {
    const parts = conditions.map(condition => this.condition(condition));
    return parts.length === 1 ? parts.join() : parts.map(part => `(${part})`).join(operator);
  }
}

/** In how far it is looked at (DynamoDB API, `AttributeValue`); bytes as the transport gives them. */
interface WireValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array | string;
  readonly L?: readonly WireValue[];
  readonly M?: Readonly<Record<string, WireValue>>;
}

export type WireItem = Readonly<Record<string, WireValue>>;

/** How a transport takes and gives bytes: as such, or as JSON has to, in base64. */
export type BytesForm = 'raw' | 'base64';

/** Throws RangeError for a number that is not whole. */
function encodeValue(value: Value, bytes: BytesForm): object {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: digitsOf(value) };
  if (value instanceof Uint8Array) {
    return { B: bytes === 'raw' ? value : Buffer.from(value).toString('base64') };
  }
  if (Array.isArray(value)) return { L: value.map(text => ({ S: text })) };
  const entries = Object.entries(value as Readonly<Record<string, string>>);
  return { M: Object.fromEntries(entries.map(([name, text]) => [name, { S: text }])) };
}

export function encodeAttributes(attributes: Attributes, bytes: BytesForm): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, encodeValue(value, bytes)]),
  );
}

export function decodeItem(item: WireItem): Item {
  const attributes: Record<string, Value> = {};
  for (const name in item) {
    const value = item[name];
    // As a name of ours it would be another prototype.
    if (value !== undefined && name !== '__proto__') attributes[name] = decodeValue(value);
  }
  return attributes as Item;
}

function decodeValue(value: WireValue): Value {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number.isSafeInteger(Number(value.N)) ? Number(value.N) : null;
  if (value.B !== undefined) return typeof value.B === 'string' ? Buffer.from(value.B, 'base64') : value.B;
  if (value.L !== undefined) return textsOf(value.L);
  const map = value.M;
  if (map === undefined) return null;
  const texts = textsOf(Object.values(map));
  return texts && Object.fromEntries(Object.keys(map).map((name, index) => [name, texts[index] as string]));
}

/** Null: not all of them are texts. */
function textsOf(values: readonly WireValue[]): string[] | null {
  const texts = values.map(({ S: text }) => text);
  return texts.every(text => text !== undefined) ? texts : null;
}

function digitsOf(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return String(value);
}
