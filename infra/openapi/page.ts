/** `npm run docs:api`: renders the description of the API to .build/api.html. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { renderPage } from './render.ts';

const DIRECTORY = join(import.meta.dirname, '..', '..', '.build');

await mkdir(DIRECTORY, { recursive: true });
await renderPage(join(DIRECTORY, 'api.html'));
console.log('.build/api.html');
