/** CRC-32 of ASCII, as `crc32` of `node:zlib` has it, which takes a millisecond to load: no start of a login waits for that. */

/** Reversed (ITU-T V.42 section 8.1.1.6.2). */
const POLYNOMIAL = 0xedb88320;

/** What each value of a byte makes of the rest. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? POLYNOMIAL : 0);
  return rest;
});

export function crc32(text: string): number {
  let rest = -1;
  for (let i = 0; i < text.length; i++) {
    rest = (rest >>> 8) ^ (TABLE[(rest ^ text.charCodeAt(i)) & 0xff] ?? 0);
  }
  return ~rest >>> 0;
}
