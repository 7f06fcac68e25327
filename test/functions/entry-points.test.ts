/** What Lambda calls: each function's exported handler, made of the environment of its process. */

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { eventOf } from '../support/events.ts';
import { deployment, useDeployment } from '../support/setup.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const NAMES = readdirSync(join(ROOT, 'functions')).map(file => file.replace('.ts', ''));
const OTHERS = ['cleanup', 'keys', 'prober', 'restore'];

/** Imports each function, and sends the event to those that serve HTTP. */
const SCRIPT = `
  const [names, event] = JSON.parse(process.argv[1]);
  const answers = {};
  for (const name of names) {
    const { handler, ...others } = await import(\`./functions/\${name}.ts\`);
    const isHttp = !${JSON.stringify(OTHERS)}.includes(name);
    answers[name] = [Object.keys(others), isHttp ? await handler(event, { getRemainingTimeInMillis: () => 1000 }) : typeof handler];
  }
  process.stderr.write(JSON.stringify(answers));
`;

useDeployment();

async function run(names: readonly string[], changes: Record<string, string | undefined> = {}) {
  const event = eventOf('GET /nothing-here');
  const parameters = ['--input-type=module', '-e', SCRIPT, JSON.stringify([names, event])];
  const env = { PATH: process.env.PATH, ...deployment.world.environment, ...changes };
  const { stderr } = await promisify(execFile)(process.execPath, parameters, { cwd: ROOT, env });
  return { answers: JSON.parse(stderr), requestId: event.requestContext.requestId };
}

describe('the exported handlers', () => {
  it('are the wrapped ones: each answers with the headers that only the chain sets', async () => {
    const { answers, requestId } = await run(NAMES);
    expect(Object.keys(answers)).toEqual(NAMES);
    for (const [name, [others, answer]] of Object.entries<[string[], object | string]>(answers)) {
      expect(others, `${name} exports only its handler`).toEqual([]);
      if (OTHERS.includes(name)) expect(answer, name).toBe('function');
      else {
        const headers = { 'x-request-id': requestId, 'cache-control': 'no-store' };
        expect(answer, name).toMatchObject({ statusCode: 404, headers });
      }
    }
  });

  it('do not start with a configuration that is not valid', async () => {
    const start = run(['login'], { PULLPASS_ULR: 'x', PULLPASS_KEYS: '' });
    await expect(start).rejects.toThrow(/PULLPASS_KEYS is empty\n +PULLPASS_ULR is not a known variable/);
  });
});
