/** What `pullpass complete` offers, and the scripts that ask it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeCompletions } from './support/completions.ts';
import { Shell } from './support/shell.ts';

describeCompletions(
  'pullpass complete',
  async (shell, lines) => {
    const offers: string[][] = [];
    for (const line of lines) {
      const text = await shell.says('complete', '--', ...line.split(' ').slice(1));
      offers.push(text.split('\n').filter(word => word !== ''));
    }
    return offers;
  },
  'localhost:8080',
);

describe('pullpass completion', () => {
  let shell: Shell;
  beforeEach(async () => {
    shell = await Shell.open();
  });
  afterEach(() => shell.close());

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async name => {
    expect(await shell.says('completion', name)).toContain('pullpass complete --');
  });
  it('exits with 2 for another shell', async () => {
    expect((await shell.pullpass(['completion', 'csh'])).code).toBe(2);
  });
});
