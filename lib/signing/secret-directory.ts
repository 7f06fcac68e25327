/** The keys of every service in Secrets Manager: a secret for each file, so that each function can be let at its own. */
import type { Secrets } from '../aws/secrets.ts';
import type { KeyFile, KeyStore } from './key-directory.ts';

const KINDS = {
  'ring.json': 'ring',
  'root.json': 'root',
  'public.json': 'public',
} as const satisfies Record<KeyFile, string>;

/** What names of secrets cannot hold, and `=`, by which it is written ("CreateSecret", `Name`). */
const ESCAPED = /[^A-Za-z0-9_.@-]/gu;
const LONGEST_NAME = 512;

/** The keys in the secrets `<prefix>/ring/<service>`, `<prefix>/root/<service>` and `<prefix>/public/<service>`. */
export function secretKeyStore(secrets: Secrets, prefix: string): KeyStore {
  const nameOf = (service: string, file: KeyFile) => secretName(prefix, service, file);
  return {
    read: (service, file) => secrets.read(nameOf(service, file)),
    transaction: (service, work) =>
      secrets.transaction(held =>
        work({
          read: file => held.read(nameOf(service, file)),
          write: (file, text) => held.write(nameOf(service, file), text),
        }),
      ),
  };
}

/** A service's characters outside `[A-Za-z0-9_.@-]` are written `=XX`, by their UTF-8 bytes. Throws when that is too long. */
export function secretName(prefix: string, service: string, file: KeyFile): string {
  const name = `${prefix}/${KINDS[file]}/${service.replaceAll(ESCAPED, escaped)}`;
  if (name.length > LONGEST_NAME) throw new Error(`the name of ${service} is too long for a secret's`);
  return name;
}

function escaped(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replaceAll(/../g, '=$&');
}
