/** The claims of a workload, from a file: as JSON, or as the payload of its token, whose signature is not looked at. */
import { readFile } from 'node:fs/promises';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { CliError, systemReason } from './errors.ts';
import { secretInFile } from './secret-source.ts';

const MAX_BYTES = 64 * 1024;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** Throws CliError, which repeats nothing of the file. */
export async function claimsInFile(path: string): Promise<object> {
  const text = (await textIn(path)).trim();
  if (JWT.test(text)) {
    const next = `"pullpass trust-test --jwt-file ${path}" reads the claims in it.`;
    throw new CliError(`${path} holds a token, not claims as JSON.`, { code: 'invalid-claims', next });
  }
  return claimsIn(text, path);
}

/** Throws CliError, which repeats nothing of the token. */
export async function claimsOfJwt(path: string): Promise<object> {
  const token = (await secretInFile(path, 'token')).reveal();
  if (!JWT.test(token)) throw new CliError(`${path} holds no JWT.`, { code: 'invalid-claims' });
  const [, payload = ''] = token.split('.');
  return claimsIn(Buffer.from(payload, 'base64url').toString('utf8'), path);
}

function claimsIn(text: string, path: string): object {
  const problem = (cause?: unknown) =>
    new CliError(`${path} holds no claims: they must be a JSON object.`, { code: 'invalid-claims', cause });
  let claims: unknown;
  try {
    claims = parseStrictJson(text);
  } catch (error) {
    throw problem(error);
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) throw problem();
  return claims;
}

async function textIn(path: string): Promise<string> {
  const bytes = await readFile(path).catch(cause => {
    throw new CliError(`${path} cannot be read: ${systemReason(cause)}.`, { cause });
  });
  if (bytes.length > MAX_BYTES)
    throw new CliError(`${path} is longer than 64 KiB.`, { code: 'invalid-claims' });
  return bytes.toString('utf8');
}
