/** The API against its own OpenAPI document, by schemathesis: every check, every phase, as the administrator. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { run } from './support/processes.ts';
import { Pullpass } from './support/pullpass.ts';
import { tool } from './support/tools.ts';

/** What the document cannot say about requests that are refused for what they refer to. */
const CONFIGURATION = join(PROJECT, 'schemathesis.toml');
/** Requests for each operation in the phases that draw at random. */
const EXAMPLES = '12';
/** It takes half a minute on two cores that have nothing else to do. */
const PATIENCE_MS = 170_000;
/** A run that fails can be repeated. */
const SEED = '20261121';

let pullpass: Pullpass;
let home: string;

beforeAll(async () => {
  pullpass = await (await Pullpass.create()).start();
  home = await newDirectory('schemathesis');
});
afterAll(async () => {
  await pullpass.destroy();
  await removeDirectory(home);
});

it('answers every request as documented, refuses what the document refuses and takes what it allows', async () => {
  const program = tool('schemathesis');
  const key = await pullpass.administratorKey();
  const options = ['--checks', 'all', '--phases', 'examples,coverage,fuzzing,stateful', '--mode', 'all'];
  const bounds = ['--max-examples', EXAMPLES, '--seed', SEED, '--continue-on-failure', '--no-color'];
  const target = [`${pullpass.url}/openapi.json`, '--auth', `iamapikey:${key}`];
  const { code, output } = await run(
    program,
    ['--config-file', CONFIGURATION, 'run', ...target, ...options, ...bounds],
    { cwd: home, env: bareEnvironment(home), timeoutMs: PATIENCE_MS },
  );
  expect(code, output).toBe(0);
  // All of it was tried: every operation, in every phase.
  const [, selected, total] = /Operations:\s+(\d+) selected \/ (\d+) total/.exec(output) ?? [];
  expect([Number(selected) > 25, selected]).toEqual([true, total]);
  for (const phase of ['Examples', 'Coverage', 'Fuzzing', 'Stateful']) {
    expect(output).toMatch(new RegExp(`✅ +${phase} \\(in `));
  }
});
