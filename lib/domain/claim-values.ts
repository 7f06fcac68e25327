/** Values that a claim of a platform's tokens can never have: a trust that names one would match no workload, in silence. */
import type { Platform, Trust } from './trust.ts';

/** What git allows in no ref (git-check-ref-format). */
const NO_REF = /[\s~^:?*[\\]|\.\.|@\{|\/\/|^[/.]|\/\.|[/.]$|\.lock(?:\/|$)/;

/** `path/of/a/file@ref`. */
const FILES_AT_REFS: ReadonlySet<string> = new Set(['workflow_ref', 'job_workflow_ref', 'ci_config_ref_uri']);
const REFS: ReadonlySet<string> = new Set(['ref', 'ref_path', 'head_ref', 'base_ref']);
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ref_protected: ['true', 'false'],
  ref_type: ['branch', 'tag'],
};
const NAMES: ReadonlySet<string> = new Set([
  ...['repository', 'repository_owner', 'actor'],
  ...['project_path', 'namespace_path', 'user_login'],
]);

export interface ImpossibleClaim {
  readonly name: string;
  /** For the administrator. */
  readonly problem: string;
}

/** The first claim that no workload has with this value; undefined: there is none. */
export function impossibleClaim(platform: Platform, claims: Trust['claims']): ImpossibleClaim | undefined {
  for (const [name, value] of Object.entries(claims)) {
    const fault = platform === 'kubernetes' ? kubernetesFault(name, value) : gitFault(platform, name, value);
    if (fault !== undefined) return { name, problem: `cannot be ${JSON.stringify(value)}: ${fault}` };
  }
  return undefined;
}

const EXACTLY = 'values are compared exactly, so add a trust for each';

function gitFault(
  platform: Exclude<Platform, 'kubernetes'>,
  name: string,
  value: string,
): string | undefined {
  const ref = refIn(name, value);
  if (ref?.includes('*')) return `no git ref holds "*"; ${EXACTLY}`;
  if (ref !== undefined && NO_REF.test(ref)) return 'this is no git ref';
  const isFull = name === 'ref_path' || (platform === 'github' && name === 'ref');
  if (isFull && !value.startsWith('refs/')) return `write the full ref, such as refs/heads/${value}`;
  if (NAMES.has(name) && value.includes('*')) return `no name holds "*"; ${EXACTLY}`;
  if (name.endsWith('_id') && !/^\d+$/.test(value)) return 'it is a number';
  const words = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
  return words === undefined || words.includes(value) ? undefined : `it is ${words.join(' or ')}`;
}

/** The ref in a claim; a subject ends with one when it says so. */
function refIn(name: string, value: string): string | undefined {
  if (REFS.has(name)) return value;
  if (FILES_AT_REFS.has(name))
    return value.includes('@') ? value.slice(value.lastIndexOf('@') + 1) : undefined;
  const [, ref] = name === 'sub' ? (/:ref:(.*)$/s.exec(value) ?? []) : [];
  return ref;
}

/** RFC 1123 names, and identifiers that Kubernetes gives. */
function kubernetesFault(name: string, value: string): string | undefined {
  if (name === 'sub' && !/^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/.test(value)) {
    return value.includes('*')
      ? `no service account holds "*"; ${EXACTLY}`
      : 'it is system:serviceaccount:NAMESPACE:NAME';
  }
  return name.startsWith('kubernetes.io/') && value.includes('*')
    ? `no name holds "*"; ${EXACTLY}`
    : undefined;
}
