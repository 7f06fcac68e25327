/**
 * Reads JSON of which there is one reading: `JSON.parse` keeps the last of two members with one name, other readers
 * the first, and what one party checked would not be what the other uses.
 */

/** The value in `bytes`. Throws for bad UTF-8, bad JSON and objects that repeat a member (RFC 8259 section 4). */
export function readStrictJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (repeatsMember(text)) throw new SyntaxError('an object repeats a member');
  return value;
}

/** The own member of an object; undefined for everything else, also for what every object inherits. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** Whether an object in the valid JSON `text` repeats a member, however the two are escaped. */
function repeatsMember(text: string): boolean {
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '{' || character === '[') open.push(new Set());
    if (character === '}' || character === ']') open.pop();
    if (character !== '"') continue;
    const end = stringEnd(text, at);
    if (isMemberName(text, end)) {
      const name: string = JSON.parse(text.slice(at, end));
      if (open.at(-1)?.has(name)) return true;
      open.at(-1)?.add(name);
    }
    at = end - 1;
  }
  return false;
}

/** Whether a colon follows the string that ends at `end`: in valid JSON, only a member's name has one. */
function isMemberName(text: string, end: number): boolean {
  let at = end;
  while (' \t\n\r'.includes(text.charAt(at)) && at < text.length) at++;
  return text.charAt(at) === ':';
}

/** The position behind the string that starts at `start`. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text.charAt(at) !== '"') at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}
