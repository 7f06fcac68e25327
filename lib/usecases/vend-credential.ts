/** Vends a credential: within its parent's permissions, and no longer than its parent lives. */
import { type Access, actionsOf, PULL } from '../domain/access.ts';
import type { AccountRules } from '../domain/account-rules.ts';
import { type Credential, type Parent, withDigests } from '../domain/credential.ts';
import { digestsOf } from '../domain/digests.ts';
import { PullpassError, tooOften, unauthenticated } from '../domain/errors.ts';
import { coverage, coveredBy, denialDetail, isSubset, type Permission } from '../domain/grant.ts';
import type { DelegationSource, Principal } from '../domain/principal.ts';
import type { Pattern } from '../domain/repository.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import type { LoginStore } from '../ports/stores.ts';
import type { Clock, RandomBytes, RateLimit } from '../ports/system.ts';
import { signCredential } from './secret-values.ts';

/** How often one parent may vend in a minute: far above what a build farm does that shares one token. */
export const VENDS_PER_MINUTE = 6_000;

export interface VendPorts {
  /** By parent. */
  readonly vends: RateLimit;
  readonly credentialKeys: CredentialKeys;
  readonly store: Pick<LoginStore, 'read'>;
  /** The operator's; no account allows more. */
  readonly ceiling: AccountRules;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

export interface VendRequest {
  readonly principal: Principal;
  readonly service: Service;
  readonly access: Access;
  /** null: the parent's. */
  readonly repositories: readonly Pattern[] | null;
  readonly expiresInSeconds: number;
}

/** As in a credential, in full. */
interface Bounds {
  readonly repositories: readonly Pattern[] | null;
  readonly alsoPull: readonly Pattern[] | null;
}

/** A vended credential. Times are seconds since 1970. */
export interface Vended extends Bounds, Pick<Credential, 'access' | 'endsAt' | 'jti'> {
  readonly password: Secret;
  readonly service: Service;
  readonly vendedAt: number;
  /** From then on its holder should fetch the next one. */
  readonly refreshAfter: number;
}

const JTI_BYTES = 16;
/** Between half and eight tenths of its life, so that holders who fetched together do not return together. */
const REFRESH = { from: 0.5, spread: 0.3 } as const;

/**
 * Throws `unauthenticated` for a principal that is no parent, `wider-than-parent` for more than the parent may do,
 * `rate-limited` for one that vends too often.
 */
export async function vendCredential(ports: VendPorts, request: VendRequest): Promise<Vended> {
  const { principal, service, access, expiresInSeconds } = request;
  const { delegationSource, permissions, subject, kind, outsideNetworks } = principal;
  if (delegationSource === undefined) {
    const denial = outsideNetworks === undefined ? 'misplaced' : 'network-not-allowed';
    throw unauthenticated(`${kind}: nothing is vended from that`, denial);
  }
  const wait = ports.vends(`${delegationSource.handle} ${subject}`, ports.clock());
  if (wait !== undefined) throw tooOften(wait);
  const now = toSeconds(ports.clock());
  const bounds = boundsWithin(permissions, request);
  const life = Math.min(expiresInSeconds, await longestLife(ports, delegationSource));
  const endsAt = Math.min(now + life, delegationSource.endsAt ?? Number.POSITIVE_INFINITY);
  // The clock of an issuer may be behind: its tokens are accepted for some seconds after their end, and vend nothing then.
  if (endsAt <= now) throw unauthenticated(`${subject}: at its end`, 'expired');
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  const { handle } = delegationSource;
  const parent = parentOf(delegationSource, jti);
  const credential = { jti, handle, parent, service: service.name, access, ...bounds, endsAt };
  const forms = formsOf(credential, delegationSource, request);
  const password = await firstThatFits(ports.credentialKeys, forms, now);
  if (password === undefined) throw tooLong(request);
  const refreshAfter = refreshTime(now, endsAt, ports.randomBytes);
  return { password, jti, service, access, ...bounds, vendedAt: now, endsAt, refreshAfter };
}

/** The ways to write the credential, in the order in which they are tried: almost always the first fits, and no other is made. */
function* formsOf(
  credential: Credential,
  source: DelegationSource,
  { repositories }: VendRequest,
): Generator<Credential> {
  yield credential;
  const rules = repositories === null ? withRules(credential, source) : [];
  const shorter = [withDigests(credential), ...rules];
  yield* shorter;
  yield* [credential, ...shorter].flatMap(withTrustDigests);
}

/** By the rules of the account as they are now, which were read along with the record of a token. */
async function longestLife(
  { store, ceiling }: VendPorts,
  { handle, rules }: DelegationSource,
): Promise<number> {
  const own = rules === undefined ? (await store.read({ rules: handle, namespaces: [] })).rules : rules;
  // Rules that were not read allow nothing.
  if (own === undefined) throw new Error('the rules of the account were not read');
  return Math.min(
    own?.rules.maxCredentialSeconds ?? ceiling.maxCredentialSeconds,
    ceiling.maxCredentialSeconds,
  );
}

/** Which groups an identity is in is not known at a login with the credential, so their policies are named in it. */
function parentOf({ parent, policies = [], namesPolicies }: DelegationSource, jti: string): Parent {
  if (parent.kind !== 'identity' || namesPolicies !== true) return parent;
  return { ...parent, policies: digestsOf(policies, jti) };
}

/**
 * The repositories that the credential is for; a credential for none is refused. A parent that pushes here and only
 * pulls there gets one credential for both, unless repositories were asked for.
 */
function boundsWithin(permissions: readonly Permission[], { access, repositories }: VendRequest): Bounds {
  const actions = actionsOf(access);
  const covered = repositories ?? coverage(permissions, actions);
  if (covered?.length === 0 || !isSubset({ repositories: covered, actions }, permissions)) {
    const detail = denialDetail(permissions, access, repositories);
    throw new PullpassError('wider-than-parent', { detail, reason: 'more than the parent may' });
  }
  return { repositories: covered, alsoPull: repositories === null ? alsoPullable(permissions, covered) : [] };
}

/** The repositories beyond those covered that the parent may pull from. */
function alsoPullable(
  permissions: readonly Permission[],
  covered: Bounds['repositories'],
): Bounds['alsoPull'] {
  const pullable = coverage(permissions, PULL);
  if (covered === null || pullable === null) return covered === null ? [] : null;
  const known = new Set(coveredBy(pullable, covered));
  return pullable.filter(pattern => !known.has(pattern));
}

/** A credential for all that its parent may do, which names the rules that say so: they are never changed, only removed. */
function withRules(credential: Credential, { policies = [] }: DelegationSource): Credential[] {
  const { jti, parent } = credential;
  const all = { ...credential, repositories: null, alsoPull: [] };
  if (parent.kind === 'trust') return [all];
  if (parent.kind === 'token' || policies.length === 0) return [];
  return [{ ...all, parent: { ...parent, policies: digestsOf(policies, jti) } }];
}

/** The same where many trusts match a workload. A login then reads all trusts of its issuer. */
function withTrustDigests(credential: Credential): Credential[] {
  const { jti, parent } = credential;
  if (parent.kind !== 'trust' || 'digests' in parent.ids) return [];
  return [{ ...credential, parent: { ...parent, ids: digestsOf(parent.ids, jti) } }];
}

async function firstThatFits(
  keys: CredentialKeys,
  forms: Iterable<Credential>,
  now: number,
): Promise<Secret | undefined> {
  for (const form of forms) {
    const password = await signCredential(keys, form, now);
    if (password !== undefined) return password;
  }
  return undefined;
}

function refreshTime(now: number, endsAt: number, randomBytes: RandomBytes): number {
  const chance = Buffer.from(randomBytes(2)).readUInt16BE() / 0x1_0000;
  return now + Math.floor((endsAt - now) * (REFRESH.from + REFRESH.spread * chance));
}

function tooLong({ repositories }: VendRequest): PullpassError {
  const advice =
    repositories === null
      ? 'Name the repositories that it is for, or let fewer policies or trusts match the caller.'
      : 'Name fewer repositories, or a prefix with /*.';
  const message = 'names more than fits into one credential';
  return new PullpassError('invalid-request', {
    detail: `This does not fit into one credential. ${advice}`,
    problems: [{ path: 'repositories', message: `${message}. ${advice}` }],
  });
}
