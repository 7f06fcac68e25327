/** The processor time of one signed read by our HTTP client, beside Node's own and undici's. */
import { Agent, request } from 'node:http';
import { Client } from 'undici';
import { connectionPool, type Post } from '../../lib/aws/connections.ts';
import { cannedAnswers } from '../support/login-servers.ts';
import { interleaved } from '../support/pieces.ts';
import { type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';

/** As those of a read are. */
const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.BatchGetItem',
  'x-amz-date': '20261128T150000Z',
  'x-amz-security-token': 'x'.repeat(700),
  authorization: 'x'.repeat(260),
};
const BODY = 'x'.repeat(300);

export async function httpClients(): Promise<Row[]> {
  const canned = await startServer('canned', {
    role: 'driving',
    parameters: [JSON.stringify(cannedAnswers().answers)],
  });
  const url = new URL(`http://127.0.0.1:${canned.port}`);
  const posts = { ours: connectionPool(url), node: byNode(url), undici: byUndici(url) };
  const send = (post: Post) => () => post(HEADERS, BODY, undefined);
  const { ours, node, undici } = await interleaved({
    ours: send(posts.ours),
    node: send(posts.node),
    undici: send(posts.undici),
  });
  await canned.close();
  return [
    row('', 'CPU of a read by our HTTP client', { value: ours, unit: 'µs', digits: 0 }),
    row('', 'by our HTTP client to node:http', { value: ours / node }),
    row('', 'by our HTTP client to undici', { value: ours / undici }),
  ];
}

function byNode(url: URL): Post {
  const agent = new Agent({ keepAlive: true });
  return (headers, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const call = request(url, { agent, method: 'POST', headers }, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).once('error', reject);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    call.on('error', reject).end(body);
    return promise;
  };
}

/** By its dispatcher, without the API above it. */
function byUndici(url: URL): Post {
  const client = new Client(url);
  return (headers, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const chunks: Buffer[] = [];
    let status = 0;
    client.dispatch(
      { path: '/', method: 'POST', headers, body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_, code) => {
          status = code;
        },
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve({ status, body: Buffer.concat(chunks).toString() }),
        onResponseError: (_, error) => reject(error),
      },
    );
    return promise;
  };
}
