/** What the operator hands to a registry: the public keys of its service, and a configuration that uses them. */
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  BUNDLE_FILE,
  distributionAuth,
  JWKS_FILE,
  keysFileOf,
  SIGNING_KEY_FILE,
  zotHttp,
} from '../lib/domain/registry-auth.ts';
import type { Service } from '../lib/domain/service.ts';
import { replaceFile } from '../lib/files/atomic-file.ts';
import { loopbackOf } from './registry-addresses.ts';

export interface RegistryFilesInput {
  /** Of this service alone; made when it is missing. */
  readonly directory: string;
  readonly service: Service;
  /** Where the registry listens, on loopback: there is no TLS in these configurations. */
  readonly port: string;
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly jwks: { readonly keys: readonly Record<string, unknown>[] };
  /** PEM; undefined where the profile has no certificates. */
  readonly bundle: string | undefined;
  /** Absent for a service with certificates. */
  readonly single?: SingleKeys | undefined;
}

/** For a registry that takes one key: the one that signs now and the one that waits, each in PEM. */
export interface SingleKeys {
  readonly current: string;
  readonly next: string | undefined;
}

const CONFIG = 'config.yml';
const ZOT_CONFIG = 'zot.json';

/** Writes the files for a registry, readable by all users; those that have not changed stay untouched. */
export async function writeRegistryFiles(input: RegistryFilesInput): Promise<void> {
  await mkdir(input.directory, { recursive: true });
  await chmod(input.directory, 0o755);
  for (const [name, text] of Object.entries(registryFiles(input))) {
    await writePublicFile(join(input.directory, name), text);
  }
}

/** Readable by all users; untouched when it has not changed. */
export async function writePublicFile(path: string, text: string): Promise<void> {
  if ((await textOf(path)) !== text) await replaceFile(path, text, 0o644);
}

/** The contents of those files by name. */
export function registryFiles(input: RegistryFilesInput): Record<string, string> {
  return {
    ...(input.bundle === undefined ? {} : { [BUNDLE_FILE]: input.bundle }),
    [JWKS_FILE]: `${JSON.stringify(input.jwks, null, 2)}\n`,
    [CONFIG]: distributionConfig(input),
    ...(input.single === undefined ? {} : zotFiles(input, input.single)),
  };
}

function zotFiles(input: RegistryFilesInput, { current, next }: SingleKeys): Record<string, string> {
  return {
    [SIGNING_KEY_FILE]: current,
    ...(next === undefined ? {} : { [`next-${SIGNING_KEY_FILE}`]: next }),
    [ZOT_CONFIG]: zotConfig(input),
  };
}

/** A configuration that zot starts with: `zot serve zot.json`. */
function zotConfig({ directory, service, port, publicUrl }: RegistryFilesInput): string {
  const here = resolve(directory);
  const trust = zotHttp({ service, publicUrl, keysPath: join(here, SIGNING_KEY_FILE) });
  const http = {
    address: loopbackOf(service.registry),
    port,
    ...trust,
  };
  const storage = { rootDirectory: join(here, 'zot-data') };
  return `${JSON.stringify({ distSpecVersion: '1.1.1', storage, http, log: { level: 'info' } }, null, 2)}\n`;
}

/** A configuration that distribution starts with: `registry serve config.yml`. */
function distributionConfig({ directory, service, port, publicUrl }: RegistryFilesInput): string {
  const here = resolve(directory);
  return `# For service ${JSON.stringify(service.name)}. Written again when it changes: copy it before you edit it.
version: 0.1
storage:
  filesystem:
    rootdirectory: ${JSON.stringify(join(here, 'data'))}
  delete:
    enabled: true
http:
  addr: ${JSON.stringify(`${loopbackOf(service.registry)}:${port}`)}
${distributionAuth({ service, publicUrl, keysPath: join(here, keysFileOf(service)) })}`;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
