/** Directories that are removed after the test, or the file. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const PROJECT = join(import.meta.dirname, '../../..');

/** In lower case: podman names an image after its path. */
export async function newDirectory(purpose: string): Promise<string> {
  const path = join(tmpdir(), `pullpass-e2e-${purpose}-${randomBytes(6).toString('hex')}`);
  await mkdir(path, { mode: 0o700 });
  return path;
}

export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}

/** What a program needs to run, and nothing of the developer's own logins, proxies and settings. */
export function bareEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? '', HOME: home, LANG: 'C.UTF-8' };
}
