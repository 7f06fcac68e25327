/** The floor's signature: header and first claims are encoded once, identifiers come from a pool, DER becomes r and s by hand. */
import { createPrivateKey, randomFillSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface FloorClaims {
  readonly subject: string;
  readonly expires: number;
  readonly now: number;
  readonly name: string;
  readonly actions: readonly string[];
}

interface Ring {
  readonly keys: readonly [
    { readonly kid: string; readonly privateKey: string; readonly certificates: readonly string[] },
  ];
}

const POOL_BYTES = 4096;
const pool = Buffer.alloc(POOL_BYTES);
let spent = POOL_BYTES;

function identifier(): string {
  if (spent === POOL_BYTES) {
    randomFillSync(pool);
    spent = 0;
  }
  spent += 16;
  return pool.toString('base64url', spent - 16, spent);
}

export async function openSigner(service: string): Promise<(claims: FloorClaims) => string> {
  const { PULLPASS_KEYS = '', PULLPASS_URL: issuer = '' } = process.env;
  const path = join(PULLPASS_KEYS.slice('file:'.length), service, 'ring.json');
  const ring = JSON.parse(await readFile(path, 'utf8')) as Ring;
  const [{ kid, privateKey: pem, certificates }] = ring.keys;
  const key = createPrivateKey(pem);
  const header = base64url(JSON.stringify({ alg: 'ES256', typ: 'JWT', kid, x5c: certificates }));
  let begin = `{"iss":${JSON.stringify(issuer)},"aud":${JSON.stringify(service)},`;
  // Whole groups of base64, to which the rest can be appended.
  while (begin.length % 3 !== 0) begin += ' ';
  const head = `${header}.${base64url(begin)}`;
  return ({ subject, expires, now, name, actions }) => {
    const rest = `"sub":"${subject}","exp":${expires + 60},"nbf":${now - 60},"iat":${now - 60},"jti":"${identifier()}","access":[{"type":"repository","name":"${name}","actions":${JSON.stringify(actions)}}]}`;
    const input = `${head}${Buffer.from(rest, 'latin1').toString('base64url')}`;
    return `${input}.${rawSignature(sign('sha256', Buffer.from(input, 'latin1'), key))}`;
  };
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

const raw = Buffer.alloc(64);

function rawSignature(der: Buffer): string {
  raw.fill(0);
  const length = der[3] ?? 0;
  place(der, { at: 4, length, end: 32 });
  place(der, { at: 6 + length, length: der[5 + length] ?? 0, end: 64 });
  return raw.toString('base64url');
}

/** DER puts a zero before a number whose first bit is set, and leaves leading zeros out. */
function place(
  der: Buffer,
  { at, length, end }: { readonly at: number; readonly length: number; readonly end: number },
): void {
  const extra = Math.max(0, length - 32);
  der.copy(raw, end - length + extra, at + extra, at + length);
}
