/** Vends with the login that is stored: through the proof that gives the life asked for, and says when it is shorter. */

import { LIFE_HEADER } from '../../lib/api/credential-formats.ts';
import { detailsOf, messageOf } from '../errors.ts';
import type { HttpResponse } from '../http.ts';
import { type Credentials, hasAudience, type IamLogin, type StoredLogin } from '../login.ts';
import { RENEW_SECONDS, type Request, type Session } from '../session.ts';
import { lifeText } from '../text.ts';

export interface Life {
  /** What is asked for. */
  readonly seconds: number;
  /** A shorter life is worth a renewal, or another proof, and is said; by default almost all that is asked for. */
  readonly enoughSeconds?: number;
}

/** A deployment's answer with a credential. */
export interface Vending {
  readonly response: HttpResponse;
  /** A sentence that says that the credential is valid for less than was asked for, and why; undefined: it is not. */
  readonly shortened: string | undefined;
}

interface Proof {
  /** Made anew for each request: a deployment accepts an AWS assertion once. */
  readonly credentials: () => Promise<Credentials>;
  /** Why a credential may be valid for less than was asked for. */
  readonly limit: string;
}

/** The time that the requests may take. */
const ALMOST = 0.98;

/** What a deployment answers when it does not accept a refresh token, or cannot have it exchanged. */
const [REFUSED, UNAVAILABLE] = [401, 503];

const ALLOWED = 'the deployment allows no more';

const ENDS = 'the access token of your login ends then';

export const LIMITS: Readonly<Record<Exclude<StoredLogin['kind'], 'iam'>, string>> = {
  'registry-token': 'the registry token ends then, or this value of it after a rotation',
  'oidc-token': 'the trusts of this workload allow no more',
  'oidc-file': 'the trusts of this workload allow no more',
  aws: ALLOWED,
};

export class Vendor {
  readonly life: Life;
  readonly #session: Session;
  #proofs: readonly Proof[];

  private constructor(session: Session, life: Life, proofs: readonly Proof[]) {
    this.life = life;
    this.#session = session;
    this.#proofs = proofs;
  }

  /** Renews the login where that gives the credential a longer life. Throws CliError as `Session.login` does. */
  static async open(session: Session, life: Life): Promise<Vendor> {
    const login = session.stored();
    if (login.kind === 'iam') return new Vendor(session, life, await iamProofs(session, login, life));
    return new Vendor(session, life, [
      { credentials: () => session.credentialsOf(login), limit: LIMITS[login.kind] },
    ]);
  }

  /** Of the deployment. */
  get url(): string {
    return this.#session.target.url;
  }

  /** The answer to a request for a credential. Throws CliError with the deployment's reason when it gives none. */
  async send(request: Request): Promise<Vending> {
    const [proof, ...others] = this.#proofs;
    if (proof === undefined) throw new Error('there is no proof to vend with');
    try {
      const response = await this.#session.sendWith(await proof.credentials(), request);
      return { response, shortened: shortened(response, this.life, proof.limit) };
    } catch (error) {
      const { status } = detailsOf(error);
      if (others.length === 0 || (status !== REFUSED && status !== UNAVAILABLE)) throw error;
      this.#proofs = others;
      if (status === REFUSED) await this.#session.keepRefreshTokens().catch(() => undefined);
      return this.send(request);
    }
  }
}

/** Why the credential of an answer is valid for less than was asked for; undefined: it is not, or nothing says so. */
export function shortened({ headers }: HttpResponse, life: Life, limit: string): string | undefined {
  const given = Number(headers.get(LIFE_HEADER) ?? life.seconds);
  if (given >= enough(life)) return undefined;
  return `The credential is valid for ${lifeText(given)} instead of ${lifeText(life.seconds)}: ${limit}.`;
}

function enough({ seconds, enoughSeconds = seconds * ALMOST }: Life): number {
  return enoughSeconds;
}

/**
 * A credential ends with the access token that it is vended with, so that is renewed first. When even a new one ends too
 * early, the refresh token is sent: the one that the login was renewed with just now. If the issuer accepts each of them
 * only once, the deployment refuses that one, and the login still has the next.
 */
async function iamProofs(session: Session, login: IamLogin, life: Life): Promise<Proof[]> {
  const proofOf = (iam: IamLogin, limit: string): Proof => ({
    credentials: () => session.credentialsOf(iam),
    limit,
  });
  if (session.secondsLeft(login) >= enough(life)) return [proofOf(login, ENDS)];
  if (login.refreshToken === null || !hasAudience(login.accessToken)) {
    const limit = `${ENDS}, and the IAM gave no refresh token to renew it with`;
    const current = await session.login();
    return [
      {
        credentials: () => session.credentialsOf(current),
        limit: login.refreshToken === null ? limit : ALLOWED,
      },
    ];
  }
  try {
    const { login: after, renewedWith } = await session.renewed(login, enough(life));
    if (session.secondsLeft(after) >= enough(life)) return [proofOf(after, ENDS)];
    const bearer = proofOf(after, `${ENDS}, and the deployment does not accept its refresh token`);
    if (renewedWith === null || session.target.keepsRefreshTokens) return [bearer];
    const credentials = { userName: 'iamrefresh', password: renewedWith } as const;
    return [{ credentials: async () => credentials, limit: ALLOWED }, bearer];
  } catch (error) {
    if (session.secondsLeft(login) <= RENEW_SECONDS) throw error;
    const isRefused = detailsOf(error).code === 'login-ended';
    const why = isRefused ? 'the IAM refuses to renew it' : `it cannot be renewed (${messageOf(error)})`;
    return [proofOf(login, `${ENDS}, and ${why}`)];
  }
}
