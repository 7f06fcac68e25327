/**
 * `npm run openapi` writes lib/api/openapi.json from the code, and with `--check` only says whether it is up to date.
 * `npm run docs:api` renders it to .build/api.html.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './document.ts';
import { renderPage } from './page.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NAME = 'lib/api/openapi.json';
const PAGE = '.build/api.html';

const [option] = process.argv.slice(2);
if (option === '--page') {
  await renderPage(join(ROOT, PAGE));
  console.log(PAGE);
} else if (option === '--check') check();
else writeFileSync(join(ROOT, NAME), `${JSON.stringify(openApiDocument(), null, 2)}\n`);

function check(): void {
  const committed = JSON.stringify(JSON.parse(readFileSync(join(ROOT, NAME), 'utf8')));
  if (committed === JSON.stringify(openApiDocument())) return;
  console.error(`${NAME} is out of date: run npm run openapi`);
  process.exitCode = 1;
}
