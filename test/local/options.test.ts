/** The words after `npm start --`. */
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../lib/config/config.ts';
import { HELP, readOptions, UsageError } from '../../local/options.ts';

describe('the words after npm start --', () => {
  it.each([
    [[], { afterRestore: false, acceptGap: false, help: false }],
    [['--after-restore', '--accept-gap'], { afterRestore: true, acceptGap: true, help: false }],
    [['--help'], { afterRestore: false, acceptGap: false, help: true }],
    [['-h'], { afterRestore: false, acceptGap: false, help: true }],
  ])('%j', (words, options) => expect(readOptions(words)).toEqual(options));

  it.each([['--after-restor'], ['after-restore'], ['--after-restore=yes'], ['-x'], ['']])(
    'start nothing when they are unknown: %j, in one line that says how to list them',
    word => {
      expect(() => readOptions([word])).toThrow(UsageError);
      expect(() => readOptions([word])).toThrow(/^[^\n]+\. The options are listed by: npm start -- --help$/);
    },
  );
});

it('the help names every option, variables that are known, and their defaults', () => {
  for (const option of ['--after-restore', '--accept-gap', '--help']) expect(HELP).toContain(option);
  const known = new Map(VARIABLES.map(({ variable, absent }) => [variable, absent]));
  const lines = [...HELP.matchAll(/^ {2}(PORT|PULLPASS_\w+) (.*)$/gm)];
  expect(lines.length).toBeGreaterThan(4);
  for (const [, variable = '', text = ''] of lines) {
    expect([...known.keys()]).toContain(variable);
    const absent = known.get(variable);
    if (absent !== undefined) expect(text, variable).toContain(`(${absent})`);
  }
});
