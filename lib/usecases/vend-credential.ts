import { type Access, actionsOf, PULL } from '../domain/access.ts';
import type { Account } from '../domain/account.ts';
import { PullpassError, unauthenticated } from '../domain/errors.ts';
import { coverage, isSubset, type Permission } from '../domain/grant.ts';
import { matchesPattern, type Pattern } from '../domain/repository.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { Clock, RandomBytes } from '../ports/system.ts';
import { signCredential } from './credential-principal.ts';
import type { Caller, PrincipalPorts } from './principal.ts';
import { resolvePrincipal } from './resolve-principal.ts';

export interface VendPorts extends PrincipalPorts {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

export interface VendRequest {
  readonly caller: Caller;
  readonly service: Service;
  readonly access: Access;
  /** null: the parent's. */
  readonly repositories: readonly Pattern[] | null;
  readonly expiresInSeconds: number;
}

/** Times are seconds since 1970. */
export interface Vended {
  readonly password: Secret;
  readonly service: Service;
  readonly access: Access;
  /** null: every repository in the namespaces of the account. */
  readonly repositories: readonly Pattern[] | null;
  /** Where it may pull besides. */
  readonly alsoPull: readonly Pattern[] | null;
  readonly vendedAt: number;
  readonly endsAt: number;
  /** From then on its holder had better fetch the next. */
  readonly refreshAfter: number;
  /** For the log. */
  readonly jti: string;
  readonly subject: string;
  readonly account: Account | undefined;
}

const JTI_BYTES = 16;
/** Between half and eight tenths of its life: those who fetched together do not return together. */
const REFRESH = { from: 0.5, spread: 0.3 } as const;

/** Throws `unauthenticated` for what is no parent, `wider-than-parent` for what the parent may not do itself. */
export async function vendCredential(ports: VendPorts, request: VendRequest): Promise<Vended> {
  const now = toSeconds(ports.clock());
  const { caller, service, access, expiresInSeconds } = request;
  const occasion = { service: service.name, namespaces: [], now };
  const { delegationSource, permissions, subject, account } = await resolvePrincipal(ports, caller, occasion);
  if (delegationSource === undefined)
    throw unauthenticated(`${caller.kind}: nothing is vended from that`, 'misplaced');
  const { repositories, alsoPull } = withinParent(request, permissions);
  const endsAt = Math.min(now + expiresInSeconds, delegationSource.endsAt ?? Number.POSITIVE_INFINITY);
  // The clock of an issuer may be behind: its tokens are taken for some seconds after their end, and vend nothing then.
  if (endsAt <= now) throw unauthenticated(`${subject}: at its end`, 'expired');
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  const { handle, parent } = delegationSource;
  const facts = { jti, handle, parent, service: service.name, access, repositories, alsoPull, endsAt };
  const password = await signCredential(ports.credentialKeys, facts, now);
  if (password === undefined) throw tooLong();
  const refreshAfter = refreshTime(now, endsAt, ports.randomBytes);
  const vended = { password, service, access, repositories, alsoPull, vendedAt: now, endsAt, refreshAfter };
  return { ...vended, jti, subject, account };
}

/**
 * The repositories that the credential is for. None would be for nothing, and nobody would know why. Whoever pushes here
 * and only pulls there gets one credential for both, unless repositories were asked for.
 */
function withinParent(
  { access, repositories }: VendRequest,
  permissions: readonly Permission[],
): Pick<Vended, 'repositories' | 'alsoPull'> {
  const actions = actionsOf(access);
  const reach = repositories ?? coverage(permissions, actions);
  if (reach?.length === 0 || !isSubset({ repositories: reach, actions }, permissions)) {
    throw new PullpassError('wider-than-parent');
  }
  return { repositories: reach, alsoPull: repositories === null ? beyond(reach, permissions) : [] };
}

/** Where the parent may pull, and not all that was asked for. */
function beyond(reach: Vended['repositories'], permissions: readonly Permission[]): Vended['alsoPull'] {
  const pullable = coverage(permissions, PULL);
  if (reach === null || pullable === null) return reach === null ? [] : null;
  return pullable.filter(pattern => !reach.some(covering => matchesPattern(covering, pattern)));
}

function refreshTime(now: number, endsAt: number, randomBytes: RandomBytes): number {
  const chance = Buffer.from(randomBytes(2)).readUInt16BE() / 0x1_0000;
  return now + Math.floor((endsAt - now) * (REFRESH.from + REFRESH.spread * chance));
}

function tooLong(): PullpassError {
  return new PullpassError('invalid-request', {
    detail:
      'This does not fit into one credential: name fewer repositories, or a prefix with /*; or let fewer trusts cover the workload.',
    problems: [{ path: 'repositories', message: 'do not fit into one credential' }],
  });
}
