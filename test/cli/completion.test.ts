/** What shells are offered; completion.slow.test.ts asks a real bash. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Shell } from './support/shell.ts';
import { Stub } from './support/stub.ts';

let shell: Shell;
let stub: Stub;
beforeAll(async () => {
  shell = await Shell.open();
  stub = await Stub.deployment();
  for (const name of ['eu', 'eu-2', 'localhost:8080']) await shell.says('target-add', name, stub.url);
});
afterAll(async () => {
  await shell.close();
  await stub.close();
});

/** What the shells would be offered for each line. */
async function offered(...lines: string[]): Promise<string[][]> {
  const offers: string[][] = [];
  for (const line of lines) {
    const text = await shell.says('complete', '--', ...line.split(' ').slice(1));
    offers.push(text.split('\n').filter(word => word !== ''));
  }
  return offers;
}

describe('pullpass complete', () => {
  it('completes verbs, in both spellings', async () => {
    const [flat, group, alias] = await offered('pullpass token-', 'pullpass token r', 'pullpass toke');
    expect(flat).toEqual(['add', 'list', 'get', 'rm', 'rotate', 'update'].map(verb => `token-${verb}`));
    expect(group).toEqual(['rm', 'rotate']);
    expect(alias).toContain('tokens');
  });
  it('completes options, their choices, and those that every verb has', async () => {
    const lines = [
      'pullpass token-add --re',
      'pullpass tokens --',
      'pullpass policy-add --role ',
      'pullpass --output j',
    ];
    const [some, all, roles, formats] = await offered(...lines);
    expect(some).toEqual(['--readwrite', '--repository']);
    expect(all).toEqual(expect.arrayContaining(['--format', '--quiet', '--target', '--output', '--help']));
    expect(roles).toEqual(['reader', 'writer', 'manager', 'administrator']);
    expect(formats).toEqual(['json']);
  });
  it('completes targets, also when their names hold a colon', async () => {
    const lines = ['pullpass --target e', 'pullpass target-use ', 'pullpass target rm localhost:8'];
    const [named, used, removed] = await offered(...lines);
    expect(named).toEqual(['eu', 'eu-2']);
    expect(used).toEqual(['eu', 'eu-2', 'localhost:8080']);
    expect(removed).toEqual(['localhost:8080']);
  });
  it('does not take the value of an option for a verb', async () => {
    const [words] = await offered('pullpass --target token --output json target-u');
    expect(words).toEqual(['target-use']);
  });
  it('offers nothing for identifiers, texts and unknown verbs', async () => {
    const lines = ['pullpass token-get ', 'pullpass token-add --description ', 'pullpass nonsense '];
    expect(await offered(...lines, 'pullpass completion b')).toEqual([[], [], [], ['bash']]);
  });
});

it('prints a script for bash, zsh and fish, and exits with 2 for any other shell', async () => {
  for (const name of ['bash', 'zsh', 'fish'])
    expect(await shell.says('completion', name)).toContain('pullpass complete --');
  expect((await shell.pullpass(['completion', 'csh'])).code).toBe(2);
});
