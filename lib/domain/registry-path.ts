/** The paths of the distribution API that the registry proxy knows (OCI distribution specification 1.1, "Endpoints"). */
import { isRepository } from './repository.ts';

/** What a path names. `reference` is a tag or a digest. */
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

function isTag(text: string): boolean {
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
