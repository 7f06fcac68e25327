/** A way between functions and ministack on which each service can be made to fail. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Their names in the variables of the functions; S3 is where custom resources are answered. */
export type FaultyService = 'DYNAMODB' | 'S3' | 'SECRETS_MANAGER';
/** A status to answer with, or no answer at all. */
export type Fault = number | 'silence';

const TARGETS: Readonly<Record<string, FaultyService>> = {
  dynamodb: 'DYNAMODB',
  secretsmanager: 'SECRETS_MANAGER',
};

export class Faults {
  readonly #server: Server = createServer((received, response) => this.#pass(received, response));
  /** The fault of each service, for as many requests as it says. */
  readonly faults = new Map<FaultyService, { readonly fault: Fault; times: number }>();
  /** Where ministack is. */
  target = '';

  static async open(): Promise<Faults> {
    const faults = new Faults();
    faults.#server.listen(0, '127.0.0.1');
    await once(faults.#server, 'listening');
    return faults;
  }

  /** What ministack is started with, so that its functions go this way. */
  get variables(): NodeJS.ProcessEnv {
    const url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    const services = [...Object.values(TARGETS), 'S3'];
    return Object.fromEntries(services.map(service => [`AWS_ENDPOINT_URL_${service}`, url]));
  }

  set(service: FaultyService, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.faults.set(service, { fault, times });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #pass(received: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = received;
    const [target = ''] = `${headers['x-amz-target'] ?? 's3'}`.toLowerCase().split(/[._]/);
    const found = this.faults.get(TARGETS[target] ?? 'S3');
    if (found !== undefined && found.times-- > 0) {
      received.resume();
      if (found.fault !== 'silence') response.writeHead(found.fault).end('{"__type":"InternalServiceError"}');
      return;
    }
    const forwarded = request(this.target + url, { method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    received.pipe(forwarded.on('error', () => response.destroy()));
  }
}
