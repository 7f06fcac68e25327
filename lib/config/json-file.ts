/** The content of a JSON file that a variable names by its path. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parseStrictJson } from '../domain/strict-json.ts';

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this process',
};

export const jsonFile = v.rawTransform<string, unknown>(({ dataset, addIssue, NEVER }) => {
  const path = dataset.value;
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
    return parseStrictJson(text);
  } catch (error) {
    addIssue({ message: `names ${path}, which ${reasonOf(error, text)}` });
    return NEVER;
  }
});

/** Editors add byte order marks and accept comments; JSON has neither (RFC 8259). */
function reasonOf(error: unknown, text: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return UNREADABLE[code] ?? `cannot be read (${code})`;
  if (text.startsWith('\uFEFF')) return 'begins with a byte order mark: save it as UTF-8 without one';
  if (/^\s*(?:\/\/|\/\*|#)/m.test(text)) return 'has comments, which JSON does not allow: remove them';
  const { message } = error as Error;
  return `is not valid JSON: ${message}`;
}
