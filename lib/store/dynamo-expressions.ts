/** Conditions and changes as DynamoDB's expressions. */
import type { Change, Condition, Value } from '../ports/table.ts';
import { type BytesForm, encodeValue } from './dynamo-values.ts';

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
  update({ set = {}, setIfAbsent = {}, remove = [] }: Change): string | undefined {
    const sets = Object.entries(set).map(([name, value]) => `${this.name(name)} = ${this.value(value)}`);
    const defaults = Object.entries(setIfAbsent).map(([name, value]) => {
      const attribute = this.name(name);
      return `${attribute} = if_not_exists(${attribute}, ${this.value(value)})`;
    });
    const assignments = [...sets, ...defaults];
    const clauses = [
      ...(assignments.length > 0 ? [`SET ${assignments.join(', ')}`] : []),
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
