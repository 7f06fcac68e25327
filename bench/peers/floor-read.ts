/** The floor's read: SigV4 as a template with two holes, over a keep-alive HTTP/1.1 connection of one request at a time. */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { connect, type Socket } from 'node:net';

const { AWS_REGION = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = process.env;
const endpoint = new URL(process.env.AWS_ENDPOINT_URL_DYNAMODB ?? '');
const { host } = endpoint;
const TARGET = 'DynamoDB_20120810.BatchGetItem';
const NAMES = 'content-type;host;x-amz-date;x-amz-target';
const HEADERS = `content-type: application/x-amz-json-1.0\r\nx-amz-target: ${TARGET}\r\n`;

/** Answers the body. */
export function openReader(): (nowMs: number, body: string) => Promise<string> {
  const signature = openSignature();
  return (nowMs, body) => {
    const connection = idle.pop() ?? new Connection();
    return connection.send(
      `POST / HTTP/1.1\r\nhost: ${host}\r\n${HEADERS}${signature(nowMs, body)}content-length: ${body.length}\r\n\r\n${body}`,
    );
  };
}

function openSignature(): (nowMs: number, body: string) => string {
  let [day, scope, stamp, second] = ['', '', '', 0];
  let key: KeyObject | undefined;
  return (nowMs, body) => {
    const now = Math.floor(nowMs / 1000);
    if (now !== second) {
      second = now;
      stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
    }
    const date = stamp.slice(0, 8);
    if (date !== day || key === undefined) {
      day = date;
      scope = `${date}/${AWS_REGION}/dynamodb/aws4_request`;
      key = signingKey(date);
    }
    const canonical = `POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:${host}\nx-amz-date:${stamp}\nx-amz-target:${TARGET}\n\n${NAMES}\n${hash('sha256', body)}`;
    const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = createHmac('sha256', key).update(toSign).digest('hex');
    return `x-amz-date: ${stamp}\r\nauthorization: AWS4-HMAC-SHA256 Credential=${AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${NAMES}, Signature=${signature}\r\n`;
  };
}

function signingKey(date: string): KeyObject {
  const parts = [date, AWS_REGION, 'dynamodb', 'aws4_request'];
  return createSecretKey(
    parts.reduce<Buffer>(
      (key, text) => createHmac('sha256', key).update(text).digest(),
      Buffer.from(`AWS4${AWS_SECRET_ACCESS_KEY}`),
    ),
  );
}

const idle: Connection[] = [];

class Connection {
  readonly #socket: Socket;
  #received = '';
  #answer = Promise.withResolvers<string>();

  constructor() {
    this.#socket = connect({ host: endpoint.hostname, port: Number(endpoint.port), noDelay: true });
    // The canned answer is ASCII.
    this.#socket.setEncoding('latin1').on('data', (chunk: string) => this.#take(chunk));
    this.#socket.on('error', error => this.#answer.reject(error));
  }

  send(request: string): Promise<string> {
    this.#received = '';
    this.#answer = Promise.withResolvers();
    this.#socket.write(request, 'latin1');
    return this.#answer.promise;
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const at = this.#received.search(/\r\ncontent-length:/i);
    const length = Number.parseInt(this.#received.slice(at + 17, at + 30), 10);
    if (this.#received.length < end + 4 + length) return;
    idle.push(this);
    this.#answer.resolve(this.#received.slice(end + 4));
  }
}
