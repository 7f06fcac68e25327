/** References to keys, secrets and tables: a file of this machine, or an ARN. Their values are never in a variable. */

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
    // Editors on Windows begin a file with a byte order mark.
    return parseStrictJson(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    addIssue({ message: `names ${path}, which ${reasonOf(error, text)}` });
    return NEVER;
  }
});

/** What editors and other formats accept, and JSON does not (RFC 8259). */
function reasonOf(error: unknown, text: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined) return UNREADABLE[code] ?? `cannot be read (${code})`;
  if (text.trim() === '') return 'is empty';
  if (text.includes('\0')) return 'is not UTF-8 but UTF-16: save it as UTF-8';
  const outside = text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""');
  if (/\/\/|\/\*|#/.test(outside)) return 'has comments, which JSON does not allow: remove them';
  if (/,\s*[\]}]/.test(outside)) return 'has a comma before a closing bracket: remove it';
  if (outside.includes("'")) return 'has single quotes, where JSON has double quotes';
  const { message } = error as Error;
  return `is not valid JSON: ${message}`;
}

export interface FileReference {
  readonly kind: 'file';
  readonly path: string;
}

/** What an ARN names, in parts. */
export interface ArnReference<K extends ArnKind> {
  readonly kind: K;
  readonly region: string;
  /** What the ARNs of all such resources of that account and region begin with. */
  readonly prefix: string;
  readonly name: string;
}

export type Reference<K extends ArnKind> = FileReference | ArnReference<K>;

interface Arn {
  /** With the groups prefix, region and name. */
  readonly pattern: RegExp;
  /** What an operator should write. */
  readonly shape: string;
}

/** Secrets are read by their names, in the account of the function that reads them. */
const SECRET =
  /^(?<prefix>arn:aws[a-z-]*:secretsmanager:(?<region>[a-z0-9-]+):\d{12}:secret:)(?<name>[\w+=.@-]+(?:\/[\w+=.@-]+)*)$/;

const ARNS = {
  /** The rings, roots and public documents of all services: secrets whose names begin with this one and a slash. */
  secrets: { pattern: SECRET, shape: 'the ARN that the secrets of all services begin with' },
  /** With the suffix that Secrets Manager adds to a name, the ARN would be taken for that of another secret. */
  secret: {
    pattern: new RegExp(`(?!.*-[A-Za-z0-9]{6}$)${SECRET.source}`),
    shape: 'the ARN of a secret without the six characters at its end',
  },
  /** Not an alias: each record names the key that it was derived with. */
  'kms-key': {
    pattern:
      /^(?<prefix>arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]+):\d{12}:key\/)(?<name>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/,
    shape: 'the ARN of a KMS key',
  },
  table: {
    pattern:
      /^(?<prefix>arn:aws[a-z-]*:dynamodb:(?<region>[a-z0-9-]+):\d{12}:table\/)(?<name>[\w.-]{3,255})$/,
    shape: 'the ARN of a DynamoDB table',
  },
} as const satisfies Record<string, Arn>;

export type ArnKind = keyof typeof ARNS;

const FILE = /^file:(\/.*)$/s;

/** Reads `file:` and an absolute path, or an ARN of that kind. */
export function reference<K extends ArnKind>(kind: K) {
  const { pattern, shape } = ARNS[kind];
  return v.rawTransform<string, Reference<K>>(({ dataset, addIssue, NEVER }) => {
    const [, path] = FILE.exec(dataset.value) ?? [];
    if (path !== undefined) return { kind: 'file', path };
    const { region, prefix, name } = pattern.exec(dataset.value)?.groups ?? {};
    if (region !== undefined && prefix !== undefined && name !== undefined)
      return { kind, region, prefix, name };
    addIssue({ message: `must be file: and an absolute path, or ${shape}` });
    return NEVER;
  });
}
