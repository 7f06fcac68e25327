/** The product as an operator runs it: `npm start` in a process of its own, and its API over HTTP. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './directories.ts';
import { freePort } from './ports.ts';
import { type Result, type Running, run, start, until } from './processes.ts';

export interface Settings {
  readonly PORT: string;
  readonly PULLPASS_DATA: string;
  readonly [variable: `PULLPASS_${string}`]: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what the product answers is for the tests to judge
  readonly json: any;
}

export interface NewToken {
  readonly id: string;
  readonly token: string;
}

const READY_MS = 20_000;

/** One deployment: a data directory and its settings. It can be started, ended and started again. */
export class Pullpass {
  readonly settings: Settings;
  readonly url: string;
  /** The administrator's `Authorization`, where it is not the development IAM that knows one. */
  authorization: (() => Promise<string>) | undefined;
  /** How many descriptors the process may have; undefined: as many as this one. */
  descriptors: number | undefined;
  #running: Running | undefined;

  protected constructor(settings: Settings) {
    this.settings = settings;
    this.url = `http://localhost:${settings.PORT}`;
  }

  /** A deployment with a new data directory and a free port, not started yet. */
  static async create(settings: Record<`PULLPASS_${string}`, string> = {}): Promise<Pullpass> {
    return new Pullpass(await newSettings(settings));
  }

  /** Starts it, with other settings if wanted, and returns when it is healthy. Throws what it said when it ends. */
  async start(...words: string[]): Promise<this> {
    const running = this.launch({}, words);
    this.#running = running;
    const healthy = () => this.isHealthy();
    await until('npm start', healthy, { running, timeoutMs: READY_MS });
    return this;
  }

  /** Starts a process with these settings, and does not wait for anything. */
  launch(settings: Record<string, string> = {}, words: readonly string[] = []): Running {
    const limited = this.descriptors === undefined ? '' : `ulimit -n ${this.descriptors} && `;
    const command = ['-c', `${limited}exec npm start -- "$@"`, 'sh', ...words];
    return start('sh', command, { cwd: PROJECT, env: this.#environment(settings) });
  }

  async isHealthy(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** Another of the project's commands with this deployment's settings, as in `npm run rotate-key`. */
  npm(...args: string[]): Promise<Result> {
    return run('npm', args, { cwd: PROJECT, env: this.#environment() });
  }

  /** Brings a new signing key of a service into use. */
  async rotateKey(service: string): Promise<void> {
    const { code, output } = await this.npm('run', 'rotate-key', '--', service);
    if (code !== 0) throw new Error(output);
  }

  /** What would take ten minutes on AWS is done at once there; one machine does it by itself within a minute. */
  async readKeysAgain(): Promise<void> {}

  get running(): Running {
    if (this.#running === undefined) throw new Error('The product was not started.');
    return this.#running;
  }

  /** Ends it as `kill -9` does. */
  async crash(): Promise<void> {
    this.running.kill('SIGKILL');
    await this.running.exited;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  /** Ends it and removes its data. */
  async destroy(): Promise<void> {
    await this.stop();
    await removeDirectory(join(this.settings.PULLPASS_DATA, '..'));
  }

  async administratorKey(): Promise<string> {
    const file = join(this.settings.PULLPASS_DATA, 'administrator.apikey');
    return (await readFile(file, 'utf8')).trim();
  }

  /** A management request, by the administrator unless another API key is given. */
  async call(method: string, path: string, body?: object, apiKey?: string): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        authorization: await this.#authorization(apiKey),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: text === '' ? null : JSON.parse(text),
    };
  }

  /** As `call`, for what must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async manage(method: string, path: string, body?: object, apiKey?: string): Promise<any> {
    const { status, json } = await this.call(method, path, body, apiKey);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  addToken(body: object = {}, apiKey?: string): Promise<NewToken> {
    return this.manage('POST', '/v1/tokens', body, apiKey);
  }

  /** A request at the login endpoint, with Basic credentials. */
  async logIn(user: string, password: string, query: Record<string, string> = {}): Promise<Answer> {
    const url = `${this.url}/oauth/token?${new URLSearchParams(query)}`;
    const response = await fetch(url, { headers: { authorization: basic(user, password) } });
    return { status: response.status, headers: response.headers, json: await response.json() };
  }

  async #authorization(apiKey?: string): Promise<string> {
    if (apiKey === undefined && this.authorization !== undefined) return this.authorization();
    return basic('iamapikey', apiKey ?? (await this.administratorKey()));
  }

  #environment(settings: Record<string, string> = {}): NodeJS.ProcessEnv {
    const home = join(this.settings.PULLPASS_DATA, '..');
    return { ...bareEnvironment(home), ...this.settings, ...settings };
  }
}

/** Of a deployment with a new data directory and a free port. */
export async function newSettings(settings: Record<`PULLPASS_${string}`, string>): Promise<Settings> {
  const data = join(await newDirectory('data'), 'pullpass');
  // Tests fail on purpose, all from one address.
  const patience = { PULLPASS_FAILURES_PER_MINUTE: '1000000' };
  return { ...patience, PORT: `${await freePort()}`, ...settings, PULLPASS_DATA: data };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
