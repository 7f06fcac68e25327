/** Requests to a deployment with the login that is stored for it, renewed when it must be. */
import { randomUUID } from 'node:crypto';
import type * as v from 'valibot';
import type { Secret } from '../lib/domain/secret.ts';
import { toSeconds } from '../lib/domain/time.ts';
import type { Clock } from '../lib/ports/system.ts';
import { Broker, type BrokerRequest } from './broker.ts';
import { CliError, detailsOf, messageOf } from './errors.ts';
import { type Home, targetNamed, withTarget } from './home.ts';
import type { HttpResponse } from './http.ts';
import { exchangeRefreshToken } from './iam.ts';
import { type Credentials, credentialsOf, type IamLogin, type StoredLogin } from './login.ts';
import type { Network } from './network.ts';
import type { Target } from './target.ts';

export interface SessionOptions {
  readonly home: Home;
  readonly target: Target;
  readonly clock: Clock;
  readonly network: Network;
  /** How long each request may take. */
  readonly requestMs: number;
  /** Wraps every request while it is under way, to tell the user that it takes long. */
  readonly waiting?: <T>(work: Promise<T>) => Promise<T>;
  /** Gets a sentence when a renewed login cannot be stored. */
  readonly warn?: (text: string) => void;
}

export type Request = Omit<BrokerRequest, 'credentials'>;

/** A login, and the refresh token that was exchanged for it just now; null: it did not have to be renewed. */
export interface Renewal {
  readonly login: IamLogin;
  readonly renewedWith: Secret | null;
}

/** An access token this close to its end is renewed first. */
export const RENEW_SECONDS = 60;

export class Session {
  readonly target: Target;
  /** For requests that need no login. */
  readonly broker: Broker;
  readonly #home: Home;
  readonly #clock: Clock;
  readonly #network: Network;
  readonly #requestMs: number;
  readonly #waiting: <T>(work: Promise<T>) => Promise<T>;
  readonly #warn: (text: string) => void;
  #login: StoredLogin | null;

  constructor({ home, target, clock, network, requestMs, ...options }: SessionOptions) {
    this.target = target;
    this.broker = new Broker({ url: target.url, timeoutMs: requestMs, network });
    this.#home = home;
    this.#clock = clock;
    this.#network = network;
    this.#requestMs = requestMs;
    this.#waiting = options.waiting ?? (work => work);
    this.#warn = options.warn ?? (() => undefined);
    this.#login = target.login;
  }

  /** The login, renewed if it had to be. Throws CliError when there is none, or when it has ended. */
  async login(): Promise<StoredLogin> {
    const login = this.stored();
    return login.kind === 'iam' ? (await this.renewed(login, RENEW_SECONDS)).login : login;
  }

  /** The login, which may have ended. Throws CliError when there is none. */
  stored(): StoredLogin {
    const login = this.#login;
    if (login === null)
      throw new CliError(`You are not logged in to ${this.target.url}.`, {
        code: 'not-logged-in',
        next: this.#next(),
      });
    return login;
  }

  /** How long the access token of the login is valid. */
  secondsLeft({ expiresAt }: IamLogin): number {
    return expiresAt - toSeconds(this.#clock());
  }

  /** The login, renewed unless it is valid for more than `seconds`. Throws CliError when that cannot be done. */
  async renewed(login: IamLogin, seconds: number): Promise<Renewal> {
    const renewal =
      this.secondsLeft(login) > seconds ? { login, renewedWith: null } : await this.#renew(login, seconds);
    this.#login = renewal.login;
    return renewal;
  }

  /** The credentials of the login, for this deployment alone. Throws as `login` does. */
  async credentials(): Promise<Credentials> {
    return this.credentialsOf(await this.login());
  }

  /** The credentials of a login to this deployment. */
  credentialsOf(login: StoredLogin): Promise<Credentials> {
    return credentialsOf(login, this.target.url, { nowMs: this.#clock(), network: this.#network });
  }

  /** As `send`, with other credentials for this deployment. */
  sendWith(credentials: Credentials, request: Request): Promise<HttpResponse> {
    return this.#waiting(this.broker.send({ ...request, credentials }));
  }

  /** Notes that the deployment has refused a refresh token of the issuer: it is sent none again. */
  async keepRefreshTokens(): Promise<void> {
    const { name, url } = this.target;
    await this.#home.update(state => {
      const target = targetNamed(state, name);
      return target?.url === url ? withTarget(state, { ...target, keepsRefreshTokens: true }) : state;
    });
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
   * As `send`, for a request that creates a value: it is sent a second time when no response comes. Its
   * `Idempotency-Key` tells the deployment that both are one request, so that there is never a second value.
   */
  async create(request: Request): Promise<HttpResponse> {
    const keyed = { ...request, headers: { 'idempotency-key': randomUUID() } };
    try {
      return await this.send(keyed);
    } catch (error) {
      if (detailsOf(error).code !== 'unreachable') throw error;
      return this.send(keyed);
    }
  }

  /** One process renews at a time: some issuers accept a refresh token only once. */
  async #renew(before: IamLogin, seconds: number): Promise<Renewal> {
    return this.#home.withRenewalLock(this.#requestMs, async () => {
      const login = (await this.#storedMeanwhile()) ?? before;
      if (this.secondsLeft(login) > seconds) return { login, renewedWith: null };
      const { issuer } = this.target;
      if (issuer === null || login.refreshToken === null) throw this.#ended();
      const options = { nowMs: this.#clock(), timeoutMs: this.#requestMs, network: this.#network };
      const renewed = await exchangeRefreshToken(issuer, login.refreshToken, options).catch(error => {
        throw detailsOf(error).code === 'refused-by-issuer' ? this.#ended(error) : error;
      });
      await this.#remember(login, renewed).catch((error: unknown) =>
        this.#warn(`The renewed login is used, but not stored. ${messageOf(error)}`),
      );
      return { login: renewed, renewedWith: login.refreshToken };
    });
  }

  /** The login that is stored by now, if it is still for the same deployment and issuer. */
  async #storedMeanwhile(): Promise<IamLogin | undefined> {
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
