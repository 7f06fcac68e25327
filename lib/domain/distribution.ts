/** The distribution API: the paths that can be pulled, and the challenges by which a registry asks for a login. */
import { isRepository } from './repository.ts';

/** What a path names (OCI distribution specification 1.1, "Endpoints"). `reference` is a tag or a digest. */
export type RegistryPath =
  | { readonly kind: 'base' }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string };

/** Why a path names nothing that can be pulled. */
export type PathProblem = 'digest-invalid' | 'name-unknown' | 'pull-only';

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** As distribution reads them: the name is as long as it can be. */
const NAMED = /^\/v2\/(?<name>.+)\/(?:(?<kind>manifests|blobs|referrers)\/(?<reference>[^/]+)|tags\/list)$/;

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Reads a path of the proxy. Everything that it names is valid by itself; nothing is decoded or normalised. */
export function parseRegistryPath(path: string): RegistryPath | PathProblem {
  if (path === '/v2/' || path === '/v2') return { kind: 'base' };
  const { name = '', kind, reference = '' } = NAMED.exec(path)?.groups ?? {};
  if (name === '') return 'pull-only';
  if (!isRepository(name)) return 'name-unknown';
  switch (kind) {
    case 'manifests':
      if (!isDigest(reference) && !isTag(reference))
        return reference.includes(':') ? 'digest-invalid' : 'name-unknown';
      return { kind: 'manifest', repository: name, reference };
    case 'blobs':
      return isDigest(reference) ? { kind: 'blob', repository: name, digest: reference } : 'digest-invalid';
    case 'referrers':
      return isDigest(reference)
        ? { kind: 'referrers', repository: name, digest: reference }
        : 'digest-invalid';
    default:
      return { kind: 'tags', repository: name };
  }
}

/** The path of the same thing upstream, where `prefix` stands before our names. The only place where names are mapped. */
export function upstreamPathOf(path: Exclude<RegistryPath, { kind: 'base' }>, prefix: string): string {
  const name = `${prefix}${path.repository}`;
  switch (path.kind) {
    case 'manifest':
      return `/v2/${name}/manifests/${path.reference}`;
    case 'blob':
      return `/v2/${name}/blobs/${path.digest}`;
    case 'tags':
      return `/v2/${name}/tags/list`;
    case 'referrers':
      return `/v2/${name}/referrers/${path.digest}`;
  }
}

/** One way to authenticate (RFC 9110 section 11.6.1): its scheme and the names of its parameters in lower case, their values as they are. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';

/** Blanks around `=` are bad, but must be understood. */
const PARAMETER = new RegExp(`^(${TOKEN})[ \\t]*=[ \\t]*(${TOKEN}|${QUOTED})[ \\t]*(?=,|$)`);

/** A scheme, and the token68 that some have in place of parameters. */
const SCHEME = new RegExp(`^(${TOKEN})(?:[ \\t]+[A-Za-z0-9._~+/-]+=*[ \\t]*(?=,|$))?(?=[ \\t,]|$)`);

const GAP = /^[ \t,]+/;

/**
 * The challenges in their order; several header fields come joined by commas. Undefined for what follows no grammar or
 * repeats a parameter: a header that two readers could take differently does not say where a secret may go.
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (let rest = header.replace(GAP, ''); rest !== ''; ) {
    const parameter = PARAMETER.exec(rest);
    const found = parameter ?? SCHEME.exec(rest);
    if (found === null) return undefined;
    const [text, name, value] = found;
    const key = String(name).toLowerCase();
    const parameters = challenges.at(-1)?.parameters;
    if (value === undefined) challenges.push({ scheme: key, parameters: new Map() });
    else if (parameters === undefined || parameters.has(key)) return undefined;
    else parameters.set(key, unquote(value));
    rest = rest.slice(text.length).replace(GAP, '');
  }
  return challenges;
}

function unquote(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}
