/** Identifiers: UUIDs of version 7 (RFC 9562 section 5.7), which sort by the time at which they were made. */
import { v7 } from 'uuid';

/** As this program writes them: the `validate` of the package also takes upper case. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Random bytes that `uuidV7` takes. */
export const UUID_RANDOM_BYTES = 16;

export function uuidV7(msecs: number, random: Uint8Array): string {
  return v7({ msecs, random });
}

/** Whether `text` is a UUID of any version, in lower case and with hyphens. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The sixteen bytes of a UUID that `isUuid` accepts. */
export function uuidToBytes(uuid: string): Uint8Array {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** The UUID of any sixteen bytes: the `stringify` of the package refuses those without a version. */
export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
