/** JSON documents with a checksum of their own, so that a damaged one is refused and never taken for another. */
import { hash } from 'node:crypto';

/** How `JSON.stringify(document, null, 2)` and a newline end. */
const END = /\n}\n$/;
const SEAL = /,\n {2}"checksum": "([A-Za-z0-9_-]{43})"\n}\n$/;

/** The document, an indented JSON object, with its checksum as its last member; any other text as it is. */
export function sealed(text: string): string {
  return text.replace(END, `,\n  "checksum": "${checksum(text)}"\n}\n`);
}

/** The document as it was sealed; one without a checksum is returned as it is. Throws, with `source`, for a damaged one. */
export function unsealed(text: string, source: string): string {
  const seal = SEAL.exec(text);
  if (seal === null) return text;
  const document = `${text.slice(0, seal.index)}\n}\n`;
  if (checksum(document) === seal[1]) return document;
  throw new Error(
    `${source} is damaged, or was changed by hand. Restore it from a backup; if you changed it, delete its line "checksum".`,
  );
}

function checksum(text: string): string {
  return hash('sha256', text, 'base64url');
}
