/** An STS on loopback that a test controls: it checks signatures as AWS does, and counts what reaches it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  accessKeyIdOf,
  type Credentials,
  isSignedBy,
  type Presigning,
  presign,
} from '../support/presigned.ts';
import { LoopbackServer } from './loopback-server.ts';
import { NOW_MS } from './tokens.ts';

export const PUBLIC_URL = 'https://pullpass.example';
export const REGION = 'eu-central-1';
export const HOST = `sts.${REGION}.amazonaws.com`;
export const ACCOUNT = '123456789012';

export const ALICE: Credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'a-secret-of-alice',
};
/** A role that a build farm took. */
export const FARM: Credentials = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'a-secret-of-the-farm',
  sessionToken: `IQoJb3JpZ2luX2VjE+/${'A'.repeat(600)}==`,
};

export interface Principal {
  readonly Arn: string;
  readonly Account: string;
  readonly UserId: string;
}

export const ALICE_PRINCIPAL: Principal = {
  Arn: `arn:aws:iam::${ACCOUNT}:user/ops/alice`,
  Account: ACCOUNT,
  UserId: 'AIDACKCEVSQ6C2EXAMPLE',
};
export const FARM_PRINCIPAL: Principal = {
  Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/builder/agent-7`,
  Account: ACCOUNT,
  UserId: 'AROACKCEVSQ6C2EXAMPLE:agent-7',
};

/** A proof as the SDK of AWS makes it, or one that differs from it. */
export function proofOf(credentials = FARM, differing: Partial<Presigning> = {}): Promise<string> {
  return presign(credentials, {
    host: HOST,
    region: REGION,
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { 'x-pullpass-server-id': PUBLIC_URL },
    expiresIn: 300,
    signedAtMs: NOW_MS,
    ...differing,
  });
}

export const STS_FAULTS = [
  ...(['refused', 'reset', 'hang', 'drip', 'garbage', 'redirect', '400', '429', '500', 'oversize'] as const),
  ...(['wrong content type', 'no content type', 'half an answer', 'no identity'] as const),
] as const;
export type StsFault = (typeof STS_FAULTS)[number];

export class LoopbackSts extends LoopbackServer {
  readonly known = new Map<string, readonly [Credentials, Principal]>([
    [ALICE.accessKeyId, [ALICE, ALICE_PRINCIPAL]],
    [FARM.accessKeyId, [FARM, FARM_PRINCIPAL]],
  ]);
  /** What reached it, as it came. */
  readonly requests: {
    method: string;
    url: string;
    headers: IncomingMessage['headers'];
    rawHeaders: string[];
  }[] = [];
  /** Turns the good answer into another one. */
  alter: (answer: string) => { readonly body: string; readonly type?: string } = body => ({ body });
  /** Holds answers back. */
  gate: Promise<void> = Promise.resolve();
  #fault: StsFault | undefined;

  async setFault(fault: StsFault | undefined): Promise<void> {
    const wasRefused = this.#fault === 'refused';
    this.#fault = fault;
    if (fault === 'refused') await this.close();
    else if (wasRefused) await this.open();
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = request;
    this.requests.push({ method, url, headers, rawHeaders });
    await this.gate;
    const [credentials, principal] = this.known.get(accessKeyIdOf({ url, headers })) ?? [];
    const good = principal === undefined ? '' : answerOf(principal);
    if (this.#fault !== undefined) return fail(this.#fault, response, good);
    if (credentials === undefined || !(await isSignedBy(credentials, { url, headers }))) {
      const error = { Error: { Code: 'SignatureDoesNotMatch', Message: 'UPSTREAM-TEXT', Type: 'Sender' } };
      return void response.writeHead(403, { 'content-type': JSON_TYPE }).end(JSON.stringify(error));
    }
    const { body, type = headers.accept === JSON_TYPE ? JSON_TYPE : 'text/xml' } = this.alter(good);
    response.writeHead(200, { 'content-type': type }).end(body);
  }
}

const JSON_TYPE = 'application/json';

/** STS API reference, GetCallerIdentity; in JSON as it is answered to `Accept: application/json`. */
export function answerOf(principal: object): string {
  const ResponseMetadata = { RequestId: '01234567-89ab-cdef-0123-456789abcdef' };
  return JSON.stringify({
    GetCallerIdentityResponse: { GetCallerIdentityResult: principal, ResponseMetadata },
  });
}

/** Where the status or the type is the fault, the body is a perfect one. */
function fail(fault: StsFault, response: ServerResponse, good: string): void {
  const json = { 'content-type': JSON_TYPE };
  if (fault === 'reset' || fault === 'refused') response.destroy();
  if (fault === 'garbage') response.writeHead(200, json).end('<html>UPSTREAM-TEXT</html>');
  if (fault === 'redirect') response.writeHead(302, { ...json, location: '/elsewhere' }).end(good);
  if (/^\d+$/.test(fault)) response.writeHead(Number(fault), json).end(good);
  if (fault === 'oversize') response.writeHead(200, json).end(`${good}${' '.repeat(200_000)}`);
  if (fault === 'wrong content type') response.writeHead(200, { 'content-type': 'text/xml' }).end(good);
  if (fault === 'no content type') response.writeHead(200).end(good);
  if (fault === 'half an answer') response.writeHead(200, json).end(good.slice(0, good.length / 2));
  if (fault === 'no identity') response.writeHead(200, json).end('{}');
  if (fault !== 'drip') return;
  response.writeHead(200, json);
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}
