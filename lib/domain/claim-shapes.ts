/** What claims of build platforms can be: each shape says in words what a value is, and what is wrong with one that no token has. */

/** What a claim of a platform is. */
export interface Shape {
  /** For a reader of the list of issuers, as in "a number". */
  readonly is: string;
  /** What is wrong with a value, as the end of a sentence; undefined: a token may have it. */
  readonly fault: (value: string) => string | undefined;
}

/** A trust compares texts, so it can never match what is something else in the token. */
export type OtherType = 'a boolean' | 'a list' | 'a number' | 'an object';

const EXACTLY = 'values are compared exactly, so add a trust for each';

/** For a claim that is no text in the token: no text can match. */
export function notText(is: OtherType): Shape {
  return { is, fault: () => `in the token it is ${is}, and a trust compares texts` };
}

/** Everything that the pattern matches. `what` is what people write a star in, in the place of any. */
function matching(is: string, pattern: RegExp, what?: string): Shape {
  return {
    is,
    fault: value => {
      if (pattern.test(value)) return undefined;
      const isPattern = what !== undefined && value.includes('*');
      return isPattern ? `no ${what} holds "*"; ${EXACTLY}` : `it is ${is}`;
    },
  };
}

/** What git allows in no ref (git-check-ref-format). */
const NO_REF = /[\s~^:?*[\\]|\.\.|@\{|\/\/|^[/.]|\/\.|[/.]$|\.lock(?:\/|$)/;

function refFault(ref: string): string | undefined {
  if (ref.includes('*')) return `no git ref holds "*"; ${EXACTLY}`;
  return NO_REF.test(ref) ? 'this is no git ref' : undefined;
}

/** The ref that `find` finds in a value must be one; a value without one may be anything. */
function holdingRef(is: string, find: RegExp): Shape {
  return {
    is,
    fault: value => {
      const ref = find.exec(value)?.[1];
      return ref === undefined ? undefined : refFault(ref);
    },
  };
}

const A_UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const SPIFFE_ID = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

export const ANY_TEXT: Shape = { is: 'a text', fault: () => undefined };
/** Numbers that platforms write as texts. */
export const NUMBER = matching('a number', /^(?:0|[1-9]\d*)$/);
/** The platform may change its further rules. */
export const NAME = matching('a name', /^[^*]+$/s, 'name');
export const OWNER = matching('a name without a slash', /^[^*/\s]+$/, 'name');
/** `acme/app`. */
export const OWNER_AND_NAME = matching('OWNER/NAME', /^[^*/\s]+\/[^*/\s]+$/, 'name');
/** `group/subgroup/project`. */
export const PROJECT_PATH = matching('GROUP/PROJECT', /^[^*/\s]+(?:\/[^*/\s]+)+$/, 'name');
/** RFC 9562 section 4, as platforms write it. */
export const UUID = matching('a UUID in lower case', new RegExp(`^${A_UUID}$`));
/** As Bitbucket writes it. */
export const BRACED_UUID = matching('a UUID in lower case and braces', new RegExp(`^\\{${A_UUID}\\}$`));
/** SHA-1 or SHA-256, as git names commits. */
export const COMMIT = matching('a commit in lower-case hexadecimal', /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
/** `main`, or a tag without `refs/tags/`. */
export const SHORT_REF: Shape = { is: 'a branch or tag', fault: refFault };
export const FULL_REF: Shape = {
  is: 'a full git ref',
  fault: value =>
    refFault(value) ??
    (value.startsWith('refs/') ? undefined : `write the full ref, such as refs/heads/${value}`),
};
/** `acme/app/.github/workflows/build.yml@refs/heads/main`. */
export const FILE_AT_REF = holdingRef('a file and a ref, FILE@REF', /.*@(.*)/s);
/** A subject that ends with `:ref:` and a ref, when it says so. */
export const SUBJECT_WITH_REF = holdingRef('a subject', /:ref:(.*)/s);
/** Buildkite has the commit and the step behind the ref. */
export const BUILDKITE_SUBJECT = holdingRef('a subject', /:ref:(.*?):commit:/s);
/** RFC 1123, as Kubernetes names namespaces and service accounts. */
export const DNS_NAME = matching('a name in lower case', /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, 'name');
export const LOWER_CASE = matching('a text in lower case', /^[^A-Z*]+$/s, 'name');
export const SERVICE_ACCOUNT = matching(
  'system:serviceaccount:NAMESPACE:NAME',
  /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/,
  'service account',
);
/** SPIFFE-ID section 2: the trust domain in lower case, no empty or relative segments, no slash at the end. */
export const SPIFFE = matching('spiffe://TRUST-DOMAIN/PATH', SPIFFE_ID, 'SPIFFE ID');
/** The URL of a job, or what a template makes in its place. */
export const JENKINS_SUBJECT: Shape = {
  is: 'the URL of a job, with a slash at the end',
  fault: value => {
    if (value.includes('*')) return `no job holds "*"; ${EXACTLY}`;
    const isJob = /^https?:\/\/.*\/job\//s.test(value);
    return isJob && !value.endsWith('/') ? 'the URL of a job ends with a slash' : undefined;
  },
};
/** `github.com/acme/app`, without a scheme. */
export const ORIGIN = matching('HOST/OWNER/NAME', /^[^*/\s:]+(?:\/[^*/\s]+)+$/, 'repository');
export const CIRCLECI_SUBJECT = matching(
  'org/UUID/project/UUID/user/UUID, with /vcs-origin/…/vcs-ref/… in the second version',
  new RegExp(`^org/${A_UUID}/project/${A_UUID}/user/${A_UUID}(?:/vcs-origin/[^*]+/vcs-ref/[^*]+)?$`),
  'subject',
);
export const FLAG = words('true', 'false');

/** One of these words. */
export function words(...allowed: readonly string[]): Shape {
  const is = allowed.join(' or ');
  return { is, fault: value => (allowed.includes(value) ? undefined : `it is ${is}`) };
}
