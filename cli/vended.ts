/** The file of a credential that was vended a moment ago, for the login, the registry and the request that it was vended for. */
import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { CREDENTIAL_SECRET } from '../lib/api/public-responses.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { FILE_MODE } from './files/private.ts';
import { replace } from './files/replace.ts';
import { secret } from './login.ts';

const ENTRY = v.strictObject({
  /** What it may be reused for: digests of the login, the deployment and the request. */
  keys: v.array(v.string()),
  password: v.pipe(CREDENTIAL_SECRET, secret),
  /** Why it is valid for less than was asked for; null: it is not. */
  shortened: v.nullable(v.string()),
  /** In milliseconds since 1970, as is `expiresAt`. */
  vendedAt: v.number(),
  expiresAt: v.number(),
});
export type VendedEntry = Readonly<v.InferOutput<typeof ENTRY>>;

/** As long as a burst of calls lasts, and short enough that a change of rights shows soon. */
const REUSED_MS = 60_000;
/** One that lives for a few minutes is reused for a part of them. */
const REUSED_PART = 1 / 12;

const NAME = /^vended-[\w-]+\.json$/;

/** A digest of everything that an entry depends on, secrets among it. */
export function vendedKey(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** The file for a service of a deployment. */
export function vendedFile(directory: string, url: string, service: string): string {
  return join(directory, `vended-${vendedKey([url, service]).slice(0, 16)}.json`);
}

/** The entry in the file, while it is fresh and for this key; undefined for anything else, and where it cannot be read. */
export async function readVended(path: string, key: string, nowMs: number): Promise<VendedEntry | undefined> {
  try {
    const { success, output } = v.safeParse(ENTRY, parseStrictJson(await readFile(path, 'utf8')));
    return success && output.keys.includes(key) && isFresh(output, nowMs) ? output : undefined;
  } catch {
    return undefined;
  }
}

/** Does nothing where it cannot be written: the next call vends again. */
export async function writeVended(path: string, entry: VendedEntry): Promise<void> {
  const text = JSON.stringify({ ...entry, password: entry.password.reveal() });
  await replace(path, Buffer.from(text), { existing: undefined, newMode: FILE_MODE }).catch(() => undefined);
}

/** After any change of logins and targets nothing is reused. */
export async function forgetVended(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names) if (NAME.test(name)) await rm(join(directory, name), { force: true });
}

/** A clock that was set back makes none of them fresh again. */
function isFresh({ vendedAt, expiresAt }: VendedEntry, nowMs: number): boolean {
  const ageMs = nowMs - vendedAt;
  return ageMs >= 0 && ageMs < Math.min(REUSED_MS, (expiresAt - vendedAt) * REUSED_PART);
}
