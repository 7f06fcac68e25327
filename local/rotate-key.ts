/** `npm run rotate-key -- [SERVICE]`: brings a new signing key of a service into use at once. */

import { toSeconds } from '../lib/domain/time.ts';
import { fileKeyStore } from '../lib/signing/key-store.ts';
import { activateKey } from '../lib/signing/ring-rotation.ts';
import { openDataDirectory } from './data-directory.ts';
import { localSettings } from './environment.ts';

process.umask(0o077);
const { data, services } = localSettings(process.env);
const [name = services[0]?.name] = process.argv.slice(2);
const service = services.find(candidate => candidate.name === name);
if (service === undefined) {
  console.error(`There is no service ${name}; there is ${services.map(known => known.name).join(', ')}.`);
  process.exit(2);
}
const { keys } = await openDataDirectory(data);
await activateKey(service, fileKeyStore(keys), toSeconds(Date.now()));
console.log(`${service.name} signs with a new key; a running process follows within a minute.`);
