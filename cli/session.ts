/** A deployment, spoken to as whoever is logged in to it. */
import type * as v from 'valibot';
import { toSeconds } from '../lib/domain/time.ts';
import type { Clock } from '../lib/ports/system.ts';
import type { FetchedAnswer } from './bounded-fetch.ts';
import { Broker, type BrokerRequest, DEFAULT_TIMEOUT_MS } from './broker.ts';
import { CliError } from './failure.ts';
import type { Home } from './home.ts';
import { exchangeRefreshToken } from './iam.ts';
import { proofOf } from './login-proof.ts';
import type { Proof } from './proof.ts';
import { targetNamed, withTarget } from './state.ts';
import type { IamLogin, StoredLogin } from './stored-login.ts';
import type { Target } from './target.ts';

export interface SessionOptions {
  readonly home: Home;
  readonly target: Target;
  readonly clock: Clock;
  /** How long each request may take. */
  readonly timeoutMs?: number;
  /** Is given every request while it is under way, to tell the user that it takes long. */
  readonly waiting?: <T>(work: Promise<T>) => Promise<T>;
}

type Request = Omit<BrokerRequest, 'proof'>;

/** An access token this close to its end is renewed first. */
const RENEW_SECONDS = 60;
/** What a renewal takes at most, beside the request. */
const LOCK_MARGIN_MS = 1000;

export class Session {
  readonly target: Target;
  /** For requests that need no login. */
  readonly broker: Broker;
  readonly #home: Home;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #waiting: <T>(work: Promise<T>) => Promise<T>;
  #login: StoredLogin | null;

  constructor(options: SessionOptions) {
    const { home, target, clock, timeoutMs = DEFAULT_TIMEOUT_MS, waiting = work => work } = options;
    this.target = target;
    this.broker = new Broker({ url: target.url, timeoutMs });
    this.#home = home;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#waiting = waiting;
    this.#login = target.login;
  }

  /** The login, renewed if it had to be. Throws a Failure when there is none, or it has ended. */
  async login(): Promise<StoredLogin> {
    const login = this.#login;
    if (login === null)
      throw new CliError(`Nobody is logged in to ${this.target.url}.`, { next: this.#next() });
    if (login.kind !== 'iam' || this.#isGood(login)) return login;
    this.#login = await this.#renewed(login);
    return this.#login;
  }

  /** What proves who is logged in, at this deployment and no other. Throws as `login` does. */
  async proof(): Promise<Proof> {
    return proofOf(await this.login(), this.target.url, this.#clock());
  }

  /** As `Broker.send`, as whoever is logged in. */
  async send(request: Request): Promise<FetchedAnswer> {
    const proof = await this.#waiting(this.proof());
    return this.#waiting(this.broker.send({ ...request, proof }));
  }

  /** As `Broker.ask`, as whoever is logged in. */
  async ask<S extends v.GenericSchema>(schema: S, request: Request): Promise<v.InferOutput<S>> {
    const proof = await this.#waiting(this.proof());
    return this.#waiting(this.broker.ask(schema, { ...request, proof }));
  }

  /** By one command at a time: there are issuers that take a refresh token only once. */
  async #renewed(ended: IamLogin): Promise<IamLogin> {
    return this.#home.alone(this.#timeoutMs + LOCK_MARGIN_MS, async () => {
      const login = (await this.#stored()) ?? ended;
      if (this.#isGood(login)) return login;
      const { issuer } = this.target;
      if (issuer === null || login.refreshToken === null) throw this.#ended();
      const options = { nowMs: this.#clock(), timeoutMs: this.#timeoutMs };
      const renewed = await exchangeRefreshToken(issuer, login.refreshToken, options).catch(error => {
        throw isRefusal(error) ? this.#ended(error) : error;
      });
      await this.#remember(login, renewed);
      return renewed;
    });
  }

  /** The login that is remembered by now, if it still is one of the same deployment and issuer. */
  async #stored(): Promise<IamLogin | undefined> {
    const { name, url, issuer } = this.target;
    const target = targetNamed(await this.#home.read(), name);
    const isSame = target?.url === url && target.issuer?.tokenEndpoint === issuer?.tokenEndpoint;
    return isSame && target.login?.kind === 'iam' ? target.login : undefined;
  }

  /** Only in the place of the login that was renewed: whoever has logged in or out since meant it. */
  async #remember(before: IamLogin, after: IamLogin): Promise<void> {
    const { name, url } = this.target;
    await this.#home.update(state => {
      const target = targetNamed(state, name);
      const same = target?.url === url && target.login?.kind === 'iam';
      if (!same || target.login.accessToken.reveal() !== before.accessToken.reveal()) return state;
      return withTarget(state, { ...target, login: after });
    });
  }

  #isGood({ expiresAt }: IamLogin): boolean {
    return expiresAt - toSeconds(this.#clock()) > RENEW_SECONDS;
  }

  #ended(cause?: unknown): CliError {
    return new CliError(`The login to ${this.target.url} has ended.`, { next: this.#next(), cause });
  }

  #next(): string {
    return `Log in with: pullpass login --target ${this.target.name}`;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof CliError && error.details.code === 'refused-by-issuer';
}
