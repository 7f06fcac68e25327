/** Renders the OpenAPI document to one page that loads nothing from the network. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');
const REDOCLY = join(ROOT, 'node_modules', '@redocly', 'cli', 'bin', 'cli.js');
const DOCUMENT = join(ROOT, 'lib', 'api', 'openapi.json');
const QUIET = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

/** The renderer's scripts know a logo, icons and a telemetry service on the network; this policy keeps a browser from loading them. */
const POLICY = [
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');
const HEAD = /<head>/;

/** Writes the page to `file`. Throws when the renderer fails or its page has no head. */
export async function renderPage(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const parameters = [REDOCLY, 'build-docs', DOCUMENT, '--inlineBundle', '--output', file];
  await promisify(execFile)(process.execPath, parameters, { cwd: ROOT, env: { ...process.env, ...QUIET } });
  const page = await readFile(file, 'utf8');
  if (!HEAD.test(page)) throw new Error('The rendered page has no head.');
  await writeFile(
    file,
    page.replace(HEAD, `<head>\n  <meta http-equiv="Content-Security-Policy" content="${POLICY}">`),
  );
}
