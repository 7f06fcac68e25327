/** What others send as JSON, read strictly. */
import { parseStrictJson } from '../domain/strict-json.ts';

/** The value in `bytes`. Throws for bad UTF-8, and for whatever `parseStrictJson` refuses. */
export function readStrictJson(bytes: Uint8Array): unknown {
  return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
}

/** The own member of an object; undefined for everything else, also for what every object inherits. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
