/** The stored attributes of a registry token. */
import { isUuid } from '../domain/identifiers.ts';
import { SALT_BYTES } from '../domain/registry-token.ts';
import { isPattern } from '../domain/repository.ts';
import type { Labels, TokenRecord } from '../domain/token-record.ts';
import type { TokenUse } from '../domain/token-use.ts';
import type { Attributes, Item, Value } from '../ports/table.ts';
import {
  asBytes,
  asInteger,
  asOneOf,
  asQualified,
  asText,
  asTexts,
  asTextsByName,
  asTextsThat,
  asTextThat,
  attributesOf,
  isTombstone,
  malformed,
  read,
  readOrNull,
} from './items.ts';

/** All that a record has and a tombstone must not: neither secrets nor their origin, nor a version to write over. */
// biome-ignore format: a list of names
export const TOMBSTONE_DROPS = [
  'hash', 'salt', 'derivationKey', 'generation', 'issuedBy', 'access', 'repositories', 'pullsPerDay', 'description', 'createdAt',
  'createdBy', 'disabledAt', 'disabledBy', 'lastUsedAt', 'previousHash', 'previousExpiresAt', 'version', 'name', 'labels', 'owner',
  'networks', 'selfRotate', 'valueIssuedAt', 'valueUsedAt', 'valueUse', 'previousUsedAt', 'previousUse',
];

/** The attributes of a record. `issuedBy` is the stored name of the issuance id. */
export function toTokenAttributes(record: TokenRecord): Attributes {
  const { derivation, disabled, previous, lastUse, previousUse } = record;
  return attributesOf({
    account: record.account,
    id: record.id,
    hash: record.hash,
    salt: derivation?.salt,
    derivationKey: derivation?.key,
    generation: record.generation,
    issuedBy: record.issuanceId,
    access: record.access,
    repositories: record.repositories,
    pullsPerDay: record.pullsPerDay,
    networks: record.networks,
    selfRotate: record.selfRotate ? 1 : null,
    name: record.name,
    description: record.description,
    labels: Object.keys(record.labels).length === 0 ? null : record.labels,
    owner: record.owner,
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    valueIssuedAt: record.valueIssuedAt,
    expiresAt: record.expiresAt,
    disabledAt: disabled?.at,
    disabledBy: disabled?.by,
    lastUsedAt: record.lastUsedAt,
    valueUsedAt: lastUse?.at,
    valueUse: lastUse && toUse(lastUse),
    previousHash: previous?.hash,
    previousExpiresAt: previous?.expiresAt,
    previousUsedAt: previousUse?.at,
    previousUse: previousUse && toUse(previousUse),
    version: record.version,
  });
}

/** Attributes that are both present or both absent: half a fact could widen what the whole one narrowed. */
const PAIRS = [
  ['salt', 'derivationKey'],
  ['disabledAt', 'disabledBy'],
  ['previousHash', 'previousExpiresAt'],
  ['valueUsedAt', 'valueUse'],
  ['previousUsedAt', 'previousUse'],
] as const;

const HASH_BYTES = 32;
const asSalt = asBytes(SALT_BYTES);
const asHash = asBytes(HASH_BYTES);
const asUuid = asTextThat(isUuid);
const asAccess = asOneOf('pull', 'push');
const asPatterns = asTextsThat(isPattern);

/** The record in an item; undefined for a tombstone. Throws `internal` when the item is malformed. */
export function fromTokenItem(item: Item): TokenRecord | undefined {
  if (isTombstone(item)) return undefined;
  for (const [first, second] of PAIRS) if (first in item !== second in item) throw malformed(item, first);
  const salt = readOrNull(item, 'salt', asSalt);
  const disabledAt = readOrNull(item, 'disabledAt', asInteger);
  const previousHash = readOrNull(item, 'previousHash', asHash);
  const generation = read(item, 'generation', asInteger);
  const createdAt = read(item, 'createdAt', asInteger);
  return {
    account: read(item, 'account', asQualified),
    id: read(item, 'id', asUuid),
    hash: read(item, 'hash', asHash),
    derivation: salt && { key: read(item, 'derivationKey', asText), salt },
    generation,
    issuanceId: read(item, 'issuedBy', asText),
    access: read(item, 'access', asAccess),
    repositories: readOrNull(item, 'repositories', asPatterns),
    pullsPerDay: readOrNull(item, 'pullsPerDay', asInteger),
    // A network that is malformed holds no address.
    networks: readOrNull(item, 'networks', asTexts),
    selfRotate: readOrNull(item, 'selfRotate', asOne) !== null,
    name: readOrNull(item, 'name', asText),
    description: read(item, 'description', asText),
    labels: readOrNull(item, 'labels', asTextsByName) ?? NO_LABELS,
    owner: readOrNull(item, 'owner', asText),
    createdAt,
    createdBy: read(item, 'createdBy', asQualified),
    // Of before it was recorded, only the first value's time is known.
    valueIssuedAt: readOrNull(item, 'valueIssuedAt', asInteger) ?? (generation === 1 ? createdAt : null),
    expiresAt: readOrNull(item, 'expiresAt', asInteger),
    disabled: disabledAt === null ? null : { at: disabledAt, by: read(item, 'disabledBy', asQualified) },
    lastUsedAt: readOrNull(item, 'lastUsedAt', asInteger),
    lastUse: readUse(item, 'valueUsedAt', 'valueUse'),
    previous: previousHash && { hash: previousHash, expiresAt: read(item, 'previousExpiresAt', asInteger) },
    previousUse: readUse(item, 'previousUsedAt', 'previousUse'),
    version: read(item, 'version', asInteger),
  };
}

const NO_LABELS: Labels = {};

/** True; what is false is left out. */
const asOne = (value: Value) => (value === 1 ? value : undefined);

/** A use without its time, which is an attribute of its own: conditions compare it. */
export function toUse({ address, client, service }: TokenUse): Readonly<Record<string, string>> {
  return attributesOf({ address, client, service }) as Readonly<Record<string, string>>;
}

function readUse(item: Item, timeName: string, name: string): TokenUse | null {
  const use = readOrNull(item, name, asTextsByName);
  if (use === null) return null;
  const { address = null, client = null, service = null } = use;
  return { at: read(item, timeName, asInteger), address, client, service };
}
