/** `npm run openapi`: writes the committed document. With `--check` it only says whether that is what the code says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from './document.ts';

const NAME = 'lib/api/openapi.json';
const FILE = join(import.meta.dirname, '..', '..', NAME);

const document = openApiDocument();
if (!process.argv.includes('--check')) {
  writeFileSync(FILE, `${JSON.stringify(document, null, 2)}\n`);
} else if (JSON.stringify(JSON.parse(readFileSync(FILE, 'utf8'))) !== JSON.stringify(document)) {
  console.error(`${NAME} is not what the code says: run npm run openapi`);
  process.exitCode = 1;
}
