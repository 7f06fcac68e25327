/** The values of single variables: the base URL, trusted networks, and references to keys, secrets and tables. */

import { readFileSync } from 'node:fs';
import { type Network, readAddress, readNetwork } from '../domain/networks.ts';
import { webhookKey } from '../domain/notice.ts';
import * as v from '../domain/schema.ts';
import { Secret } from '../domain/secret.ts';
import { parseStrictJson } from '../domain/strict-json.ts';

export const text = v.pipe(v.string('is missing'), v.minLength(1, 'is empty'));

/**
 * The base URL is the `iss` of access tokens, which is compared byte for byte, so it gets one spelling: people write capitals
 * in the host, the port that it has anyway, and a slash at the end.
 */
export const baseUrl: v.Step<string, string> = (value, place) => {
  const fault = faultOf(value.trim());
  return fault === undefined ? new URL(value).origin : place.refuse(fault);
};

function faultOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^[a-z]+:\/\//i.test(text)) return `must begin with https:// or http://`;
  const { protocol, username, password, pathname, search, hash, origin, host } = url;
  if (!/^https?:$/.test(protocol)) return `must begin with https:// or http://, not ${protocol}//`;
  if (username !== '' || password !== '')
    return `must have no user name or password; write ${protocol}//${host}`;
  if (pathname !== '/')
    return `must have no path, because the paths of registries and clients are fixed; write ${origin}`;
  return search === '' && hash === '' && !/[?#]/.test(text)
    ? undefined
    : `must have no query; write ${origin}`;
}

/** Reads a network, or an address as the network of it alone; undefined for anything else. */
export function parseNetwork(entry: string): Network | undefined {
  const address = readAddress(entry);
  const read = readNetwork(address === undefined ? entry : `${address}/${address.includes(':') ? 128 : 32}`);
  return 'network' in read ? read.network : undefined;
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EISDIR: 'is a directory',
  EACCES: 'may not be read by this process',
};

/** The secrets of a webhook: one, and while it is replaced two, a line each. */
export const secretLines: v.Step<string, readonly Secret[]> = (path, place) => {
  try {
    const lines = readFileSync(path, 'utf8').split(/\r?\n/);
    const secrets = lines.map(line => line.trim()).filter(line => line !== '');
    const isRight = secrets.length >= 1 && secrets.length <= MAX_SECRETS;
    if (isRight && secrets.every(line => webhookKey(line) !== undefined)) {
      return secrets.map(line => new Secret(line));
    }
    return place.refuse(
      `names ${path}, which must hold one or two lines: whsec_ and 24 to 64 bytes in base64`,
    );
  } catch (error) {
    return place.refuse(`names ${path}, which ${reasonOf(error, '')}`);
  }
};

const MAX_SECRETS = 2;

export const jsonFile: v.Step<string, unknown> = (path, place) => {
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
    // Editors on Windows begin a file with a byte order mark.
    return parseStrictJson(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return place.refuse(`names ${path}, which ${reasonOf(error, text)}`);
  }
};

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

const separated = v.pipe(
  v.string(),
  v.transform(given => given.split(/[\s,]+/).filter(entry => entry !== '')),
  v.minLength(1, 'is empty'),
);

const listed = v.pipe(
  v.string(),
  v.transform(given => given.slice('file:'.length)),
  jsonFile,
  v.array(v.string(), 'must name a file that holds a list'),
);

/** Entries separated by white space or commas, or `file:` and the absolute path of a JSON list of them. */
const entries: v.Schema<string[]> = v.lazy(input => (/^file:\//.test(String(input)) ? listed : separated));

export interface FileReference {
  readonly kind: 'file';
  readonly path: string;
}

/** What an ARN names, in parts. The value of a key or secret is never in a variable. */
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

/** Ours are read by their names, in the account of the function that reads them; others by the whole ARN. */
export const SECRET_ARN =
  /^(?<prefix>arn:aws[a-z-]*:secretsmanager:(?<region>[a-z0-9-]+):\d{12}:secret:)(?<name>[\w+=.@-]+(?:\/[\w+=.@-]+)*)$/;

const ARNS = {
  /** The rings, roots and public documents of all services: secrets whose names begin with this one and a slash. */
  secrets: { pattern: SECRET_ARN, shape: 'the ARN that the secrets of all services begin with' },
  /** With the suffix that Secrets Manager adds to a name, the ARN would be taken for that of another secret. */
  secret: {
    pattern: new RegExp(`(?!.*-[A-Za-z0-9]{6}$)${SECRET_ARN.source}`),
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
export function reference<K extends ArnKind>(kind: K): v.Step<string, Reference<K>> {
  const { pattern, shape } = ARNS[kind];
  return (value, place) => {
    const [, path] = FILE.exec(value) ?? [];
    if (path !== undefined) return { kind: 'file', path };
    const { region, prefix, name } = pattern.exec(value)?.groups ?? {};
    if (region !== undefined && prefix !== undefined && name !== undefined)
      return { kind, region, prefix, name };
    return place.refuse(`must be file: and an absolute path, or ${shape}`);
  };
}

/** The entries as `parse` reads them; `shape` is how they are written. */
export function list<T>(parse: (entry: string) => T | undefined, shape: string): v.Schema<T[]> {
  return v.pipe(text, entries, (given, place) => {
    const parsed = given.map(parse);
    const bad = given.filter((_, i) => parsed[i] === undefined);
    if (bad.length === 0) return parsed.filter(entry => entry !== undefined);
    return place.refuse(`holds ${bad.join(' and ')}; write each entry as ${shape}`);
  });
}
