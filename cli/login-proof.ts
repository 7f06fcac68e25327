/** The proof that a remembered login gives. */
import { readFile } from 'node:fs/promises';
import { Secret } from '../lib/domain/secret.ts';
import { Failure } from './failure.ts';
import type { Proof } from './proof.ts';
import type { StoredLogin } from './stored-login.ts';
import { messageOf } from './text.ts';

/** Larger than any OIDC token that fits into a request. */
const MAX_FILE_BYTES = 16 * 1024;

/** The proof for the deployment at `url`, made or read anew where it lives shortly. */
export async function proofOf(login: StoredLogin, url: string, nowMs: number): Promise<Proof> {
  switch (login.kind) {
    case 'iam':
      return { userName: 'iambearer', password: login.accessToken };
    case 'registry-token':
      return { userName: 'token', password: login.token };
    case 'oidc-token':
      return { userName: 'oidc', password: login.token };
    case 'oidc-file':
      return { userName: 'oidc', password: await readTokenFile(login.path) };
    case 'aws': {
      const { awsProof } = await import('./aws-login.ts');
      return { userName: 'awsiam', password: await awsProof(url, login.region, nowMs) };
    }
  }
}

async function readTokenFile(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Failure(`The OIDC token cannot be read: ${messageOf(error)}`, { cause: error });
  });
  const token = text.trim();
  if (token === '' || text.length > MAX_FILE_BYTES) throw new Failure(`${path} holds no OIDC token.`);
  return new Secret(token);
}
