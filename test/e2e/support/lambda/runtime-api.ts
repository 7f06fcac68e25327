/**
 * The Runtime API that Lambda gives to one instance of a function, as AWS documents it ("Using the Lambda runtime API for
 * custom runtimes"). This side is ours: AWS's emulator of it cannot be had offline. What asks here is AWS's own client.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What a runtime says of an error. */
export interface RuntimeFailure {
  readonly errorType?: string;
  readonly errorMessage?: string;
}

/** The function failed, or the runtime did before it came to that. */
export class FunctionFailed extends Error {
  override readonly name = 'FunctionFailed';
  readonly failure: RuntimeFailure;

  constructor(failure: RuntimeFailure) {
    super(`${failure.errorType}: ${failure.errorMessage}`);
    this.failure = failure;
  }
}

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly deadlineMs: number;
  readonly answered: PromiseWithResolvers<unknown>;
}

const PREFIX = '/2018-06-01/runtime';
const ACCEPTED = '{"status":"OK"}';

export class RuntimeApi {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #arn: string;
  #waiting: PromiseWithResolvers<Invocation> | undefined;
  #invocation: Invocation | undefined;
  #idle = Promise.withResolvers<void>();

  private constructor(arn: string) {
    this.#arn = arn;
    this.#idle.promise.catch(() => undefined);
  }

  static async open(arn: string): Promise<RuntimeApi> {
    const api = new RuntimeApi(arn);
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  /** For `AWS_LAMBDA_RUNTIME_API`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when the runtime asks for the next event, as it does first when it has loaded the function. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  /** Hands an event to the runtime, which must be idle, and answers what the function does. */
  async invoke(event: unknown, deadlineMs: number): Promise<unknown> {
    await this.idle;
    const answered = Promise.withResolvers<unknown>();
    this.#invocation = { id: randomUUID(), event: JSON.stringify(event), deadlineMs, answered };
    this.#idle = Promise.withResolvers<void>();
    this.#idle.promise.catch(() => undefined);
    this.#waiting?.resolve(this.#invocation);
    return answered.promise;
  }

  /** The runtime has ended: everything that waits for it fails. */
  fail(failure: RuntimeFailure): void {
    const error = new FunctionFailed(failure);
    this.#idle.reject(error);
    this.#invocation?.answered.reject(error);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    if (method === 'GET' && url === `${PREFIX}/invocation/next`) return this.#next(response);
    const body = await text(request);
    const [, id, what] = new RegExp(`^${PREFIX}/invocation/([^/]+)/(response|error)$`).exec(url) ?? [];
    if (method === 'POST' && url === `${PREFIX}/init/error`) this.fail(JSON.parse(body));
    else if (method === 'POST' && id !== undefined && id === this.#invocation?.id) {
      if (what === 'response') this.#invocation.answered.resolve(JSON.parse(body));
      else this.#invocation.answered.reject(new FunctionFailed(JSON.parse(body)));
    } else {
      response.writeHead(400).end('{"errorType":"InvalidRequestID"}');
      return;
    }
    response.writeHead(202, { 'content-type': 'application/json' }).end(ACCEPTED);
  }

  async #next(response: ServerResponse): Promise<void> {
    this.#waiting = Promise.withResolvers<Invocation>();
    this.#idle.resolve();
    const { id, event, deadlineMs } = await this.#waiting.promise;
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': String(deadlineMs),
      'lambda-runtime-invoked-function-arn': this.#arn,
      'lambda-runtime-trace-id': `Root=1-${'0'.repeat(8)}-${'0'.repeat(24)};Sampled=0`,
    };
    response.writeHead(200, headers).end(event);
  }
}
