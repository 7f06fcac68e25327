/** Where the files for each registry are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '../lib/domain/service.ts';
import { directoryName } from '../lib/signing/key-store.ts';

/** One service has the directory to itself; several have one each in it. */
export function registryDirectory(root: string, name: string, services: readonly Service[]): string {
  if (services.length === 1) return root;
  // Version 0.1.0 called it so, and a registry that reads it there has its images there too.
  const first = join(root, directoryName(name));
  return existsSync(first) ? first : join(root, fileNameOf(name));
}

const UNSAFE = /[^A-Za-z0-9.-]|^[.-]/g;

/**
 * A service's name as a file name that needs no quotes and no escapes in shells, URLs and volumes of containers:
 * `localhost:5000` becomes `localhost_5000`. Other characters become `__XX`, so that no two services share one.
 */
export function fileNameOf(service: string): string {
  const [, host = service, port] = /^(.*):(\d+)$/.exec(service) ?? [];
  const escaped = host.replaceAll(UNSAFE, character => `__${character.charCodeAt(0).toString(16)}`);
  return port === undefined ? escaped : `${escaped}_${port}`;
}
