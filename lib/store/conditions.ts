/** What a condition or a change means for an item in memory: as DynamoDB evaluates the same on its own. */
import { unavailable } from '../domain/errors.ts';
import type { Attributes, Change, Condition, Value } from '../ports/table.ts';

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
