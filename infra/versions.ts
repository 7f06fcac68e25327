/** What a published version of a function holds, as one digest: CloudFormation publishes a version when it changes. */
import { hash } from 'node:crypto';
import { basename } from 'node:path';
import type { Resource, Template } from './template.ts';

type Json = Readonly<Record<string, unknown>>;

/** Belong to the function, and to none of its versions. */
const UNVERSIONED: ReadonlySet<string> = new Set(['Code', 'ReservedConcurrentExecutions', 'Tags']);
const DIGITS = 16;

/**
 * The digest of the code and the configuration of a function. A digest that stays where the configuration changes would leave
 * the old one in use; one that changes where it does not makes the deployment fail, because Lambda publishes nothing then.
 * So parameters are put in and conditions decided, and the directory of the archive is left out.
 */
export function versionDigest({ Properties }: Resource, template: Template): string {
  const { S3Key } = Object(Properties.Code) as { S3Key?: unknown };
  const versioned = Object.entries(Properties).filter(([name]) => !UNVERSIONED.has(name));
  const configuration = inOrder(decided(Object.fromEntries(versioned), template));
  // The name of an archive is made of the digest of its content (infra/osls/artifacts.ts).
  return hash('sha256', JSON.stringify([basename(String(S3Key)), configuration])).slice(0, DIGITS);
}

/** The value with the defaults of parameters put in and conditions decided; references to resources stay. */
function decided(node: unknown, template: Template): unknown {
  const value = (inner: unknown) => decided(inner, template);
  if (Array.isArray(node)) return node.map(value);
  if (typeof node !== 'object' || node === null) return node;
  const parameter = 'Ref' in node ? template.Parameters[String(node.Ref)] : undefined;
  if (parameter !== undefined) return parameter.Default;
  if ('Fn::If' in node) {
    const [condition, yes, no] = node['Fn::If'] as [string, unknown, unknown];
    return value(holds(condition, template) ? yes : no);
  }
  if ('Fn::Sub' in node) {
    const [text, own = {}] = [node['Fn::Sub']].flat() as [string, object?];
    const filled = text.replace(/\$\{(\w+)\}/g, (whole, name) =>
      name in own ? whole : String(template.Parameters[name]?.Default ?? whole),
    );
    return { 'Fn::Sub': [filled, value(own)] };
  }
  return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, value(inner)]));
}

function holds(name: string, template: Template): boolean {
  return isTrue(template.Conditions[name], template);
}

function isTrue(node: unknown, template: Template): boolean {
  const [[kind = '', operand] = []] = Object.entries(Object(node) as Json);
  if (kind === 'Condition') return holds(String(operand), template);
  const operands = operand as readonly unknown[];
  switch (kind) {
    case 'Fn::Equals': {
      const [one, other] = operands.map(inner => JSON.stringify(decided(inner, template)));
      return one === other;
    }
    case 'Fn::Not':
      return !isTrue(operands[0], template);
    case 'Fn::And':
      return operands.every(inner => isTrue(inner, template));
    case 'Fn::Or':
      return operands.some(inner => isTrue(inner, template));
    default:
      throw new Error(`${kind} is not known in a condition`);
  }
}

/** With the members of every object in alphabetical order. */
function inOrder(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(inOrder);
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, inOrder(inner)]));
}
