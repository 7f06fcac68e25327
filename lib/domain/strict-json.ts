/**
 * Reads JSON that every parser reads alike. `JSON.parse` keeps the last of two equal members, others keep the first: one
 * program would check what another does not use.
 */

const MAX_DEPTH = 20;

/** In valid JSON, strings and brackets give the structure; a string before a colon is the name of a member. */
const TOKENS = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/**
 * Reads a JSON text (RFC 8259). Throws a SyntaxError, which does not quote the text, when it is not JSON, when an object
 * repeats a member or has one named `__proto__`, and when it is nested deeper than 20.
 */
export function parseStrictJson(text: string): unknown {
  const value = parse(text);
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > MAX_DEPTH)
        throw new SyntaxError(`JSON may be nested at most ${MAX_DEPTH} deep.`);
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

/** The name without escapes. */
function memberName(token: string): string {
  return String(JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)));
}

function checkMember(name: string, seen: Set<string> | undefined): void {
  if (name === '__proto__') throw new SyntaxError('A member may not be named __proto__.');
  if (seen?.has(name)) throw new SyntaxError('A member is given more than once.');
  seen?.add(name);
}

/** The same for bytes. Throws for bad UTF-8 too. */
export function readStrictJson(bytes: Uint8Array): unknown {
  return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
}

/** An own member of an object; undefined for all other values, and for inherited members. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
