/**
 * Reads JSON that every parser reads alike. `JSON.parse` keeps the last of two equal members, others keep the first: one
 * program would check what another does not use.
 */

const MAX_DEPTH = 20;

export interface JsonLimits {
  /** How many objects, lists and members the text may have together; as many as there are unless it is given. */
  readonly maxParts?: number;
}

/**
 * Reads a JSON text (RFC 8259). Throws a SyntaxError, which does not quote the text, when it is not JSON, when an object
 * repeats a member or has one named `__proto__`, when it is nested deeper than 20, and when it has too many parts. Depth
 * and parts are counted before anything is built.
 */
export function parseStrictJson(text: string, limits: JsonLimits = {}): unknown {
  checkStructure(text, limits.maxParts ?? Number.POSITIVE_INFINITY);
  return parse(text);
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];

/** In valid JSON, strings and brackets give the structure; a string before a colon is the name of a member. */
function checkStructure(text: string, maxParts: number): void {
  const open: (Set<string> | undefined)[] = [];
  let parts = 0;
  const count = () => {
    if (++parts > maxParts)
      throw new SyntaxError(`JSON may have at most ${maxParts} members, objects and lists.`);
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = endOfString(text, i);
      if (isBeforeColon(text, end)) {
        count();
        const names = open.at(-1) ?? new Set();
        if (open.length > 0) open[open.length - 1] = names;
        checkMember(memberName(text.slice(i, end)), names);
      }
      i = end - 1;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      count();
      if (open.push(undefined) > MAX_DEPTH)
        throw new SyntaxError(`JSON may be nested at most ${MAX_DEPTH} deep.`);
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) open.pop();
  }
}

/** Where the string ends that begins with the quote at `start`. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  for (let code = text.charCodeAt(i); code !== QUOTE && i < text.length; code = text.charCodeAt(i)) {
    i += code === BACKSLASH ? 2 : 1;
  }
  return i + 1;
}

function isBeforeColon(text: string, end: number): boolean {
  let i = end;
  while (isSpace(text.charCodeAt(i))) i++;
  return text.charCodeAt(i) === COLON;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
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
  return token.includes('\\') ? String(parse(token)) : token.slice(1, -1);
}

function checkMember(name: string, seen: Set<string>): void {
  if (name === '__proto__') throw new SyntaxError('A member may not be named __proto__.');
  if (seen.has(name)) throw new SyntaxError('A member is given more than once.');
  seen.add(name);
}

/** The same for bytes. Throws for bad UTF-8 too. */
export function readStrictJson(bytes: Uint8Array, limits?: JsonLimits): unknown {
  return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), limits);
}

/** An own member of an object; undefined for all other values, and for inherited members. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
