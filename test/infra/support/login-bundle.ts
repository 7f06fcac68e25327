/** What a bundled login function needs to run: a table with a token, the keys of a service, and the environment. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createKeyFile } from '../../../lib/derivation/key-source.ts';
import { formatRegistryToken, hashRegistryToken } from '../../../lib/domain/registry-token.ts';
import { LIFETIME_SECONDS } from '../../../lib/domain/service.ts';
import { fileTableMarker } from '../../../lib/ledger/table-marker.ts';
import { fileKeyStore } from '../../../lib/signing/key-store.ts';
import { maintainRing } from '../../../lib/signing/ring-rotation.ts';
import { onAws } from '../../support/backends.ts';
import { ACCOUNT, aClaim, aToken } from '../../support/records.ts';
import { newWire } from '../../support/store-wire.ts';
import { storesOn } from '../../support/stores.ts';

const SERVICE = 'registry.example';
/** Calls the handler as Lambda does; its result is the last line, after what it has logged. */
const INVOKE = `const [, url, event] = process.argv;
const { handler } = await import(url);
console.log(JSON.stringify(await handler(JSON.parse(event), { awsRequestId: '' })));`;

export interface LoginWorld {
  /** The value of a token that may pull from `team-a`. */
  readonly value: string;
  /** Calls the handler of a bundle in a process of its own. */
  invoke(bundle: string, event: object): Promise<{ statusCode: number; body: string }>;
  close(): Promise<void>;
}

export async function loginWorld(directory: string): Promise<LoginWorld> {
  const backend = await onAws(newWire());
  const main = await backend.freshTable();
  const { tokens, namespaces } = storesOn(main.table);
  const now = Math.floor(Date.now() / 1000);
  const record = aToken({ createdAt: now });
  const value = formatRegistryToken(ACCOUNT, record.id, randomBytes(32));
  await tokens.add({ ...record, hash: hashRegistryToken(value) });
  await namespaces.writeClaim(undefined, aClaim());
  const service = { name: SERVICE, registry: SERVICE, profile: 'x5c', algorithm: 'ES256' } as const;
  const keys = join(directory, 'keys');
  await maintainRing({ ...service, lifetimeSeconds: LIFETIME_SECONDS.default }, fileKeyStore(keys), now);
  const ledger = join(directory, 'ledger');
  await fileTableMarker({ table: main.table, directory: ledger, randomBytes }).adopt(now * 1000);
  const credentialKey = join(directory, 'credential.json');
  await createKeyFile(credentialKey, randomBytes);
  const env = {
    ...backend.variables,
    ...main.variables,
    PULLPASS_URL: 'https://pullpass.example',
    PULLPASS_SERVICE: SERVICE,
    PULLPASS_KEYS: `file:${keys}`,
    PULLPASS_CREDENTIAL_KEY: `file:${credentialKey}`,
    PULLPASS_LEDGER: `file:${ledger}`,
  };
  return {
    value: value.reveal(),
    close: () => backend.close(),
    invoke: async (bundle, event) => {
      const url = pathToFileURL(bundle).href;
      const parameters = ['--input-type=module', '-e', INVOKE, url, JSON.stringify(event)];
      const { stdout } = await promisify(execFile)(process.execPath, parameters, { env });
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    },
  };
}

/** A GET of the login endpoint, payload format 2.0. */
export function loginEvent(value: string): object {
  const http = { method: 'GET', path: '/oauth/token', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: http.path,
    rawQueryString: `service=${SERVICE}&scope=repository:team-a/app:pull,push`,
    headers: { authorization: `Basic ${Buffer.from(`token:${value}`).toString('base64')}` },
    requestContext: { http, requestId: 'request-1', stage: '$default' },
    isBase64Encoded: false,
  };
}
