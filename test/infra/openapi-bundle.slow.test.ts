/** The bundle of the public documents holds the OpenAPI document in a file of its own, which a cold start does not read. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import document from '../../lib/api/openapi.json' with { type: 'json' };
import { eventOf } from '../support/events.ts';
import { type LoginWorld, loginWorld } from './support/login-bundle.ts';

let directory: string;
let world: LoginWorld;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-openapi-'));
  world = await loginWorld(directory);
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true });
});

it('the bundled function serves the document', async () => {
  const { startBytes, totalBytes } = await bundle('discovery', directory);
  expect(totalBytes - startBytes).toBeGreaterThan(JSON.stringify(document).length * 0.9);
  const index = join(directory, 'discovery', 'index.mjs');
  expect(await readFile(index, 'utf8')).not.toContain(document.info.summary);
  const { statusCode, body } = await world.invoke(index, eventOf('GET /openapi.json'));
  expect(statusCode).toBe(200);
  const served = JSON.parse(body);
  expect(served.servers).toEqual([{ url: 'https://pullpass.example' }]);
  expect(served.info).toEqual(document.info);
  expect(Object.keys(served.paths)).toEqual(Object.keys(document.paths));
  expect(Object.keys(served.components.schemas)).toEqual(Object.keys(document.components.schemas));
});
