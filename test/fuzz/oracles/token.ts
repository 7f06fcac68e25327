/** A second reading of registry tokens: digits by division, and CRC-32 one bit at a time. */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export interface ReadToken {
  readonly handle: string;
  readonly id: string;
}

/** `plp_`, 16 digits of the account, 22 of the id, 43 of the secret, 6 of the checksum; undefined for all else. */
export function readToken(text: string): ReadToken | undefined {
  if (text.length !== 91 || !text.startsWith('plp_')) return undefined;
  const digits = text.slice(4);
  if (![...digits].every(digit => DIGITS.includes(digit))) return undefined;
  if (numberOf(text.slice(85)) !== BigInt(crc32(text.slice(0, 85)))) return undefined;
  const id = numberOf(digits.slice(16, 38));
  if (id >= 2n ** 128n) return undefined;
  const hex = id.toString(16).padStart(32, '0');
  return {
    handle: digits.slice(0, 16),
    id: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
}

/** The text with the checksum that belongs to it. */
export function withChecksum(text: string): string {
  const body = text.slice(0, 85);
  let value = crc32(body);
  let digits = '';
  for (let place = 0; place < 6; place++) {
    digits = DIGITS.charAt(value % 62) + digits;
    value = Math.floor(value / 62);
  }
  return body + digits;
}

function numberOf(digits: string): bigint {
  let value = 0n;
  for (const digit of digits) value = value * 62n + BigInt(DIGITS.indexOf(digit));
  return value;
}

/** The CRC of PNG and gzip (ISO 3309), with the reversed polynomial. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
