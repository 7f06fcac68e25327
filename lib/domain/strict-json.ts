/**
 * JSON of which there is one reading. `JSON.parse` keeps the last of two equal members, other readers the first: what
 * one party checked would not be what the other uses.
 */

/**
 * JSON of which there is one reading. `JSON.parse` keeps the last of two equal members, other readers the first: what
 * one party checked would not be what the other uses.
 */

const MAX_DEPTH = 20;

/** In valid JSON, strings and brackets are all that the structure needs; a string before a colon is a member's name. */
const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/**
 * Reads a JSON text (RFC 8259). Throws a SyntaxError, whose message quotes nothing of the text, for what is no JSON,
 * for an object that repeats a member or has one named `__proto__`, and for nesting deeper than 20.
 */
export function parseStrictJson(text: string): unknown {
  const value = parse(text);
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > MAX_DEPTH)
        throw new SyntaxError(`JSON may be nested ${MAX_DEPTH} deep at most.`);
    } else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) checkMember(memberName(token), open.at(-1));
  }
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError('The text is not valid JSON.');
  }
}

/** However the name is escaped. */
function memberName(token: string): string {
  return String(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)));
}

function checkMember(name: string, seen: Set<string> | undefined): void {
  if (name === '__proto__') throw new SyntaxError('A member may not be named __proto__.');
  if (seen?.has(name)) throw new SyntaxError('A member is given more than once.');
  seen?.add(name);
}

/** The value in `bytes`. Throws for bad UTF-8, and for whatever `parseStrictJson` refuses. */
export function readStrictJson(bytes: Uint8Array): unknown {
  return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
}

/** The own member of an object; undefined for everything else, also for what every object inherits. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
