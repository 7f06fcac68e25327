/** An IAM that vouches for an administrator: its issuers file, its keys, and an access token. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { startServer } from './server.ts';

const ISSUER = 'https://iam.example';
const KEY = { kid: 'bench', use: 'sig', alg: 'ES256' } as const;

export interface AdministratorIam {
  /** An access token of an administrator of the account. */
  readonly bearer: string;
  /** For the functions. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Writes its issuers file into the directory. */
export async function openAdministratorIam(
  directory: string,
  account: string,
  audience: string,
): Promise<AdministratorIam> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const set = { keys: [{ ...publicKey.export({ format: 'jwk' }), ...KEY }] };
  const keys = await startServer('canned', { role: 'driving', parameters: [JSON.stringify({ set })] });
  const issuers = join(directory, 'issuers.json');
  const keysUrl = `http://127.0.0.1:${keys.port}/keys`;
  const claims = { subject: 'iam_id', account: 'account.bss' };
  const issuer = { key: 'dev', kind: 'iam', issuer: ISSUER, keysUrl, tokenUrl: null, audience, claims };
  await writeFile(issuers, JSON.stringify([issuer]));
  const [, bss] = account.split(':');
  const bearer = await new SignJWT({ iam_id: 'administrator', account: { bss } })
    .setProtectedHeader({ alg: KEY.alg, kid: KEY.kid })
    .setIssuer(ISSUER)
    .setSubject('administrator')
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  return {
    bearer,
    environment: {
      PULLPASS_ISSUERS: issuers,
      PULLPASS_ADMINISTRATORS: `${account}:administrator`,
    },
    close: () => keys.close(),
  };
}
