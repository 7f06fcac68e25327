/** The workflow that deploys from a pipeline is valid, and trusts nothing that can change under it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PROJECT } from '../infra/support/packaged.ts';
import { bareEnvironment } from './support/directories.ts';
import { run } from './support/processes.ts';
import { tool } from './support/tools.ts';

const WORKFLOW = join(PROJECT, '.github', 'workflows', 'deploy.yml');
const text = readFileSync(WORKFLOW, 'utf8');

it('actionlint finds nothing in the workflow that deploys', async () => {
  const args = ['-no-color', '-shellcheck=', '-pyflakes=', WORKFLOW];
  expect(await run(tool('actionlint'), args, { env: bareEnvironment(PROJECT) })).toMatchObject({
    code: 0,
    output: '',
  });
});

it('each action of the workflow is pinned to a commit, with its version beside it', () => {
  const uses = [...text.matchAll(/uses: (.+)$/gm)].map(([, action]) => action);
  expect(uses.length).toBeGreaterThan(2);
  for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

it('the workflow holds no secret, and puts no input into a command', () => {
  expect(text).not.toMatch(/secrets\.|aws-access-key-id/);
  for (const [, command] of text.matchAll(/run: (.+)$/gm)) expect(command).not.toContain('${{');
});
