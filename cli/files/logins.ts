/** docker's config.json, and auth.json of the tools of containers/image: a login is added to those that are there. */
import * as v from 'valibot';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { CliError } from '../errors.ts';
import { jsonText } from '../text.ts';

const OBJECT = v.custom<Record<string, unknown>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
);

/** The other members belong to other programs. */
const LOGINS = v.looseObject({
  auths: v.nullish(OBJECT),
  credsStore: v.nullish(v.string()),
  credHelpers: v.nullish(OBJECT),
});
type Logins = v.InferOutput<typeof LOGINS>;

/** docker indents with tabs. */
const INDENT = /^\{\r?\n([ \t]+)/;

export interface AddedLogins {
  readonly text: string;
  /** What the clients ask instead of these logins, as the file says; undefined: nothing. */
  readonly helper: string | undefined;
}

/**
 * The file at `path` with the logins of `added` in place of those for the same registries. Throws CliError when the file
 * is not JSON of this kind: it may hold logins that could not be kept.
 */
export function withLogins(path: string, before: Uint8Array, added: string): AddedLogins {
  const text = decoded(before);
  // docker reads an empty file, as mktemp makes it, as one without logins.
  if (text?.trim() === '') return { text: added, helper: undefined };
  const logins = text === undefined ? undefined : parsed(text);
  const { auths } = parsed(added) ?? {};
  if (text === undefined || logins === undefined) throw invalid(path);
  const merged = { ...logins, auths: { ...logins.auths, ...auths } };
  return {
    text: jsonText(merged, INDENT.exec(text)?.[1]),
    helper: helperOf(logins, Object.keys(auths ?? {})),
  };
}

function helperOf({ credHelpers, credsStore }: Logins, registries: readonly string[]): string | undefined {
  const named = registries.map(registry => credHelpers?.[registry]).find(name => typeof name === 'string');
  return String(named ?? credsStore ?? '') || undefined;
}

function parsed(text: string): Logins | undefined {
  try {
    const value = parseStrictJson(text);
    return v.is(OBJECT, value) && v.is(LOGINS, value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function invalid(path: string): CliError {
  return new CliError(`${path} is not valid JSON with logins, so nothing was written to it.`, {
    code: 'invalid-file',
    next: 'Correct it or move it away, then try again.',
  });
}
