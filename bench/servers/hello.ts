/** The least that a request costs: `hello` alone, or with one bare ES256 signature, or with one pooled HTTP read. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { Agent, request } from 'node:http';
import { answerJson, serve } from './serve.ts';

const [work = 'hello', readUrl = ''] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** As long as what is signed of an access token. */
const message = randomBytes(1200);
const agent = new Agent({ keepAlive: true });
/** As long as the body of a read. */
const question = 'x'.repeat(300);

const WORK: Readonly<Record<string, () => Promise<void> | void>> = {
  hello: () => undefined,
  sign: () => void sign('sha256', message, privateKey),
  read: () => pooledRead(),
};

serve(async (_, response) => {
  await WORK[work]?.();
  answerJson(response, { hello: 'world' });
});

function pooledRead(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const headers = { 'content-length': question.length };
  const call = request(readUrl, { agent, method: 'POST', headers }, answer => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.once('end', () => {
      Buffer.concat(chunks);
      resolve();
    });
  });
  call.once('error', reject).end(question);
  return promise;
}
