/**
 * moto's IAM and STS. A server in front of STS adds what moto lacks and AWS has: it takes presigned requests, checks their
 * signatures, and answers JSON to clients that accept only JSON.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { accessKeyIdOf, type Credentials, isSignedBy } from '../../support/presigned.ts';
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { freePort } from './ports.ts';
import { type Running, start, until } from './processes.ts';
import { tool } from './tools.ts';

/** The account that moto's IAM is of. */
export const MOTO_ACCOUNT = '123456789012';
const ROOT = 'AKIAROOTROOTROOTROOT';

export class Moto {
  readonly #moto: Running;
  readonly #address: string;
  readonly #home: string;
  readonly #known = new Map<string, Credentials>();
  readonly #front: Server = createServer((request, response) => void this.#answer(request, response));

  private constructor(moto: Running, address: string, home: string) {
    this.#moto = moto;
    this.#address = address;
    this.#home = home;
  }

  static async start(): Promise<Moto> {
    const home = await newDirectory('moto');
    const port = await freePort();
    const server = join(import.meta.dirname, 'moto_server.py');
    const args = [server, '-H', '127.0.0.1', '-p', `${port}`];
    const running = start(pythonOfMoto(), args, { env: bareEnvironment(home) });
    const moto = new Moto(running, `http://127.0.0.1:${port}`, home);
    const answers = () =>
      fetch(`${moto.#address}/moto-api/`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until('moto_server', answers, { running }).catch(async error => {
      await moto.stop();
      throw error;
    });
    moto.#front.listen(0, '127.0.0.1');
    await once(moto.#front, 'listening');
    return moto;
  }

  /** Where presigned requests are sent. */
  get url(): string {
    return `http://127.0.0.1:${(this.#front.address() as AddressInfo).port}`;
  }

  /** Where it answers as any service of AWS, with any credentials. */
  get endpoint(): string {
    return this.#address;
  }

  /** A new user, and an access key of it. */
  async user(path: string, name: string): Promise<Credentials> {
    await this.#call('iam', { Action: 'CreateUser', Path: path, UserName: name });
    const { AccessKey } = await this.#call('iam', { Action: 'CreateAccessKey', UserName: name });
    return this.#remember(AccessKey);
  }

  /** Temporary credentials of a role, which need not exist: its account is the one in its ARN. */
  async assumeRole(arn: string, session: string): Promise<Credentials> {
    const taken = { Action: 'AssumeRole', RoleArn: arn, RoleSessionName: session };
    return this.#remember((await this.#call('sts', taken)).Credentials);
  }

  /** A new bucket, by its name. */
  async bucket(name: string): Promise<string> {
    const headers = { authorization: unsigned(`${ROOT}/20260101/us-east-1/s3/aws4_request`) };
    const response = await fetch(`${this.#address}/${name}`, { method: 'PUT', headers });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return name;
  }

  /** The Python that moto runs with, which therefore has the SDK of AWS. */
  get python(): string {
    return pythonOfMoto();
  }

  async stop(): Promise<void> {
    this.#front.close();
    this.#front.closeAllConnections();
    await this.#moto.stop();
    await removeDirectory(this.#home);
  }

  // biome-ignore lint/suspicious/noExplicitAny: what moto answers is for the tests to judge
  #remember({ AccessKeyId, SecretAccessKey, SessionToken }: any): Credentials {
    const token = SessionToken === undefined ? {} : { sessionToken: SessionToken };
    const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, ...token };
    this.#known.set(AccessKeyId, credentials);
    return credentials;
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async #call(service: 'iam' | 'sts', parameters: Record<string, string> & { Action: string }): Promise<any> {
    const response = await fetch(this.#address, {
      method: 'POST',
      headers: { authorization: unsigned(`${ROOT}/20260101/us-east-1/${service}/aws4_request`) },
      body: new URLSearchParams({ ...parameters, ContentType: 'JSON' }),
    });
    if (!response.ok) throw new Error(`${parameters.Action}: ${response.status} ${await response.text()}`);
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const json = (await response.json()) as any;
    return json[`${parameters.Action}Response`][`${parameters.Action}Result`];
  }

  async #answer({ url = '', headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = { url, headers };
    const credentials = this.#known.get(accessKeyIdOf(received));
    if (credentials === undefined || !(await isSignedBy(credentials, received))) {
      response
        .writeHead(403, { 'content-type': 'application/json' })
        .end('{"Error":{"Code":"SignatureDoesNotMatch"}}');
      return;
    }
    const scope = new URL(url, this.#address).searchParams.get('X-Amz-Credential') ?? '';
    const format = headers.accept === 'application/json' ? '&ContentType=JSON' : '';
    const answer = await fetch(`${this.#address}${url}${format}`, {
      headers: { authorization: unsigned(scope) },
    });
    const type = answer.headers.get('content-type') ?? '';
    response.writeHead(answer.status, { 'content-type': type }).end(await answer.text());
  }
}

function pythonOfMoto(): string {
  const beside = join(dirname(tool('moto')), 'python3');
  return existsSync(beside) ? beside : 'python3';
}

/** moto reads here who calls, and where, and believes it. */
function unsigned(scope: string): string {
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
}
