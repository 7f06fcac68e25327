/** What a login needs around it: a record whose value is known, the claim of a namespace, and keys that sign. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyFile } from '../../lib/derivation/key-source.ts';
import { type Account, accountHandle, UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import type { NamespaceClaim } from '../../lib/domain/namespace.ts';
import { formatRegistryToken, hashRegistryToken } from '../../lib/domain/registry-token.ts';
import { LIFETIME_SECONDS } from '../../lib/domain/service.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import type { Item } from '../../lib/ports/table.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { encodeAttributes } from '../../lib/store/conditions.ts';
import { claimKey, tokenKey } from '../../lib/store/items.ts';
import { toClaimAttributes } from '../../lib/store/namespace-store.ts';
import { toTokenAttributes } from '../../lib/store/token-items.ts';
import { aToken, aUse } from '../../test/support/records.ts';
import { SERVICE } from './requests.ts';

const CLAIM: Omit<NamespaceClaim, 'account'> = { name: 'team-a', state: 'held', epoch: 1 };

/** A token that may pull, and lives a day: its value, and its item. */
export function tokenItem(account: Account): { value: string; item: Item } {
  const id = newId();
  const value = formatRegistryToken(account, id, randomBytes(32));
  return { value: value.reveal(), item: itemOf(account, id, hashRegistryToken(value)) };
}

/** The item of a token without a value, which is made sooner. */
export function fillingItem(account: Account): Item {
  return itemOf(account, newId(), randomBytes(32));
}

function newId(): string {
  return uuidV7(Date.now(), randomBytes(UUID_RANDOM_BYTES));
}

function itemOf(account: Account, id: string, hash: Uint8Array): Item {
  const createdAt = toSeconds(Date.now());
  const record = aToken({
    account,
    id,
    hash,
    description: 'build farm 7',
    createdAt,
    createdBy: account,
    lastUsedAt: createdAt,
    lastUse: aUse({ at: createdAt, service: null }),
  });
  return { ...tokenKey({ handle: accountHandle(account), id }), ...toTokenAttributes(record) };
}

/** The claim of `team-a`. */
export function claimItem(account: Account): Item {
  return { ...claimKey(CLAIM.name), ...toClaimAttributes({ ...CLAIM, account }) };
}

/** As DynamoDB's JSON has it, with bytes in base64. */
export function onWire(item: Item): object {
  return encodeAttributes(item, 'base64');
}

export interface World {
  readonly directory: string;
  /** For the login function; it lacks only where DynamoDB is. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** With these members of its service in addition, as the services file has them. */
export async function openWorld(more: object = {}): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-bench-'));
  const keys = join(directory, 'keys');
  const credentialKey = join(directory, 'credential.json');
  await createKeyFile(credentialKey, randomBytes);
  const service = { name: SERVICE, registry: SERVICE, profile: 'x5c', algorithm: 'ES256' } as const;
  const services = join(directory, 'services.json');
  await writeFile(services, JSON.stringify([{ ...service, ...more }]));
  const lifetimeSeconds = LIFETIME_SECONDS.default;
  await maintainRing({ ...service, lifetimeSeconds }, fileKeyStore(keys), toSeconds(Date.now()));
  return {
    directory,
    environment: {
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      PULLPASS_URL: 'https://pullpass.example',
      PULLPASS_LEDGER: 'arn:aws:dynamodb:local:000000000000:table/ledger',
      PULLPASS_SERVICES: services,
      PULLPASS_KEYS: `file:${keys}`,
      PULLPASS_CREDENTIAL_KEY: `file:${credentialKey}`,
    },
    close: () => rm(directory, { recursive: true }),
  };
}
