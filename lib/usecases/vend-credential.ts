/** Vends a credential: short-lived, for one service, and never wider nor longer-lived than its parent. */
import { type Access, actionsOf } from '../domain/access.ts';
import type { Account } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import { isWithin, type Permission, reachOf } from '../domain/grant.ts';
import type { Pattern } from '../domain/repository.ts';
import type { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import { toSeconds } from '../domain/time.ts';
import type { Clock, RandomBytes } from '../ports.ts';
import { closeCredential } from './credential-value.ts';
import { standingOf } from './recognise.ts';
import { type LoginCaller, refused, type StandingPorts } from './standing.ts';

export interface VendPorts extends StandingPorts {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

export interface VendRequest {
  readonly caller: LoginCaller;
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
  const { parentage, permissions, subject, account } = await standingOf(ports, caller, occasion);
  if (parentage === undefined) throw refused(`${caller.kind}: nothing is vended from that`, 'misplaced');
  const repositories = withinParent(request, permissions);
  const endsAt = Math.min(now + expiresInSeconds, parentage.endsAt ?? Number.POSITIVE_INFINITY);
  // The clock of an issuer may be behind: its tokens are taken for some seconds after their end, and vend nothing then.
  if (endsAt <= now) throw refused(`${subject}: at its end`, 'expired');
  const jti = Buffer.from(ports.randomBytes(JTI_BYTES)).toString('base64url');
  const { handle, parent } = parentage;
  const facts = { jti, handle, parent, service: service.name, access, repositories, endsAt };
  const password = await closeCredential(ports.credentialKeys, facts, now);
  if (password === undefined) throw tooLong();
  const refreshAfter = refreshTime(now, endsAt, ports.randomBytes);
  const vended = { password, service, access, repositories, vendedAt: now, endsAt, refreshAfter };
  return { ...vended, jti, subject, account };
}

/** The repositories that the credential is for. Without any it would be for nothing, and nobody would know why. */
function withinParent(
  { access, repositories }: VendRequest,
  permissions: readonly Permission[],
): Vended['repositories'] {
  const actions = actionsOf(access);
  const asked = repositories ?? reachOf(permissions, actions);
  if (asked?.length !== 0 && isWithin({ repositories: asked, actions }, permissions)) return asked;
  throw new PullpassError('wider-than-parent');
}

function refreshTime(now: number, endsAt: number, randomBytes: RandomBytes): number {
  const chance = Buffer.from(randomBytes(2)).readUInt16BE() / 0x1_0000;
  return now + Math.floor((endsAt - now) * (REFRESH.from + REFRESH.spread * chance));
}

function tooLong(): PullpassError {
  return new PullpassError('invalid-request', {
    detail: 'So many repositories do not fit into one credential; name fewer, or a prefix with /*.',
    problems: [{ path: 'repositories', message: 'do not fit into one credential' }],
  });
}
