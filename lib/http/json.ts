/** The strict JSON reader: duplicate members, `__proto__` and deep nesting are refused. */
import { PullpassError } from '../domain/errors.ts';

const MAX_DEPTH = 20;
/** In valid JSON, strings and brackets are all that the structure needs; a string before a colon is a member's name. */
const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/**
 * Reads a JSON text (RFC 8259). `JSON.parse` keeps the last of two equal members, so that two readers of one body
 * can see two different requests; here that is an `invalid-request`.
 */
export function parseJson(text: string): unknown {
  const value = parse(text);
  const scopes: (Set<string> | undefined)[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (scopes.push(token === '{' ? new Set() : undefined) > MAX_DEPTH) {
        throw invalid(`JSON may be nested ${MAX_DEPTH} deep at most.`);
      }
    } else if (token === '}' || token === ']') scopes.pop();
    else if (colon !== undefined) checkMember(memberName(token), scopes.at(-1));
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('The body is not valid JSON.');
  }
}

function memberName(token: string): string {
  return String(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)));
}

function checkMember(name: string, seen: Set<string> | undefined): void {
  if (name === '__proto__') throw invalid('A member may not be named __proto__.');
  if (seen?.has(name)) throw invalid('A member is given more than once.');
  seen?.add(name);
}

function invalid(detail: string): PullpassError {
  return new PullpassError('invalid-request', { detail });
}
