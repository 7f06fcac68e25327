/** The proof that a remembered login gives. */
import { readFile } from 'node:fs/promises';
import { Secret } from '../lib/domain/secret.ts';
import { CliError } from './failure.ts';
import type { Proof } from './proof.ts';
import type { IamLogin, StoredLogin } from './stored-login.ts';
import { messageOf } from './text.ts';

/** Larger than any OIDC token that fits into a request. */
const MAX_FILE_BYTES = 16 * 1024;

/** The proof for the deployment at `url`, made or read anew where it lives shortly. */
export async function proofOf(login: StoredLogin, url: string, nowMs: number): Promise<Proof> {
  switch (login.kind) {
    case 'iam':
      return iamProof(login);
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

/**
 * An access token that names no audience (IBM's do not) could be replayed by any service that sees it, and manages
 * nothing. The refresh token proves the same, and the deployment exchanges it itself. Elsewhere it stays here: there are
 * issuers that take one only once.
 */
function iamProof({ accessToken, refreshToken }: IamLogin): Proof {
  const isBound = refreshToken === null || namesAudience(accessToken);
  return isBound
    ? { userName: 'iambearer', password: accessToken }
    : { userName: 'iamrefresh', password: refreshToken };
}

/** Whether the claims of a token say whom it is for. Nothing is believed by that: it only picks what is sent. */
function namesAudience(token: Secret): boolean {
  const [, claims = ''] = token.reveal().split('.');
  try {
    return Object.hasOwn(Object(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))), 'aud');
  } catch {
    return true;
  }
}

async function readTokenFile(path: string): Promise<Secret> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`The OIDC token cannot be read: ${messageOf(error)}`, { cause: error });
  });
  const token = text.trim();
  if (token === '' || text.length > MAX_FILE_BYTES) throw new CliError(`${path} holds no OIDC token.`);
  return new Secret(token);
}
