/** Requests to a deployment with the login that is stored for it, renewed when it must be. */
import { randomUUID } from 'node:crypto';
import type * as v from 'valibot';
import { toSeconds } from '../lib/domain/time.ts';
import type { Clock } from '../lib/ports/system.ts';
import { Broker, type BrokerRequest } from './broker.ts';
import { CliError, detailsOf, messageOf } from './errors.ts';
import { type Home, targetNamed, withTarget } from './home.ts';
import type { HttpResponse } from './http.ts';
import { exchangeRefreshToken } from './iam.ts';
import { type Credentials, credentialsOf, type IamLogin, type StoredLogin } from './login.ts';
import type { Target } from './target.ts';

export interface SessionOptions {
  readonly home: Home;
  readonly target: Target;
  readonly clock: Clock;
  /** How long each request may take. */
  readonly requestMs: number;
  /** Wraps every request while it is under way, to tell the user that it takes long. */
  readonly waiting?: <T>(work: Promise<T>) => Promise<T>;
  /** Gets a sentence when a renewed login cannot be stored. */
  readonly warn?: (text: string) => void;
}

type Request = Omit<BrokerRequest, 'credentials'>;

/** An access token this close to its end is renewed first. */
const RENEW_SECONDS = 60;

export class Session {
  readonly target: Target;
  /** For requests that need no login. */
  readonly broker: Broker;
  readonly #home: Home;
  readonly #clock: Clock;
  readonly #requestMs: number;
  readonly #waiting: <T>(work: Promise<T>) => Promise<T>;
  readonly #warn: (text: string) => void;
  #login: StoredLogin | null;

  constructor({ home, target, clock, requestMs, ...options }: SessionOptions) {
    this.target = target;
    this.broker = new Broker({ url: target.url, timeoutMs: requestMs });
    this.#home = home;
    this.#clock = clock;
    this.#requestMs = requestMs;
    this.#waiting = options.waiting ?? (work => work);
    this.#warn = options.warn ?? (() => undefined);
    this.#login = target.login;
  }

  /** The login, renewed if it had to be. Throws CliError when there is none, or when it has ended. */
  async login(): Promise<StoredLogin> {
    const login = this.#login;
    if (login === null)
      throw new CliError(`You are not logged in to ${this.target.url}.`, {
        code: 'not-logged-in',
        next: this.#next(),
      });
    if (login.kind !== 'iam' || this.#isCurrent(login)) return login;
    this.#login = await this.#renewed(login);
    return this.#login;
  }

  /** The credentials of the login, for this deployment alone. Throws as `login` does. */
  async credentials(): Promise<Credentials> {
    return credentialsOf(await this.login(), this.target.url, this.#clock());
  }

  /** As `Broker.send`, with the login. */
  async send(request: Request): Promise<HttpResponse> {
    const credentials = await this.#waiting(this.credentials());
    return this.#waiting(this.broker.send({ ...request, credentials }));
  }

  /** As `Broker.ask`, with the login. */
  async ask<S extends v.GenericSchema>(schema: S, request: Request): Promise<v.InferOutput<S>> {
    const credentials = await this.#waiting(this.credentials());
    return this.#waiting(this.broker.ask(schema, { ...request, credentials }));
  }

  /**
   * As `ask`, for a request that creates a value: it is sent a second time when no response comes. Its
   * `Idempotency-Key` tells the deployment that both are one request, so that there is never a second value.
   */
  async create<S extends v.GenericSchema>(schema: S, request: Request): Promise<v.InferOutput<S>> {
    const keyed = { ...request, headers: { 'idempotency-key': randomUUID() } };
    try {
      return await this.ask(schema, keyed);
    } catch (error) {
      if (detailsOf(error).code !== 'unreachable') throw error;
      return this.ask(schema, keyed);
    }
  }

  /** One process renews at a time: some issuers accept a refresh token only once. */
  async #renewed(ended: IamLogin): Promise<IamLogin> {
    return this.#home.withRenewalLock(this.#requestMs, async () => {
      const login = (await this.#stored()) ?? ended;
      if (this.#isCurrent(login)) return login;
      const { issuer } = this.target;
      if (issuer === null || login.refreshToken === null) throw this.#ended();
      const options = { nowMs: this.#clock(), timeoutMs: this.#requestMs };
      const renewed = await exchangeRefreshToken(issuer, login.refreshToken, options).catch(error => {
        throw detailsOf(error).code === 'refused-by-issuer' ? this.#ended(error) : error;
      });
      await this.#remember(login, renewed).catch((error: unknown) =>
        this.#warn(`The renewed login is used, but not stored. ${messageOf(error)}`),
      );
      return renewed;
    });
  }

  /** The login that is stored by now, if it is still for the same deployment and issuer. */
  async #stored(): Promise<IamLogin | undefined> {
    const { name, url, issuer } = this.target;
    const target = targetNamed(await this.#home.read(), name);
    const isSame = target?.url === url && target.issuer?.tokenEndpoint === issuer?.tokenEndpoint;
    return isSame && target.login?.kind === 'iam' ? target.login : undefined;
  }

  /** Replaces only the login that was renewed: the user may have logged in or out since. */
  async #remember(before: IamLogin, after: IamLogin): Promise<void> {
    const { name, url } = this.target;
    await this.#home.update(state => {
      const target = targetNamed(state, name);
      const isSame = target?.url === url && target.login?.kind === 'iam';
      if (!isSame || target.login.accessToken.reveal() !== before.accessToken.reveal()) return state;
      return withTarget(state, { ...target, login: after });
    });
  }

  #isCurrent({ expiresAt }: IamLogin): boolean {
    return expiresAt - toSeconds(this.#clock()) > RENEW_SECONDS;
  }

  #ended(cause?: unknown): CliError {
    return new CliError(`The login to ${this.target.url} has ended.`, {
      code: 'login-ended',
      next: this.#next(),
      cause,
    });
  }

  #next(): string {
    return `Log in with: pullpass login --target ${this.target.name}`;
  }
}
