/** What a press of the tab key offers: one table of cases, for the command itself and for a real bash. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Shell } from './shell.ts';
import { Stub } from './stub.ts';

const TARGETS = ['eu', 'eu-2', 'localhost:8080'];

/** What is offered for each line, in a shell whose user has these targets. */
export type Offers = (shell: Shell, lines: readonly string[]) => Promise<readonly (readonly string[])[]>;

const TOKEN_VERBS = ['add', 'ensure', 'list', 'show', 'get', 'rm', 'rotate', 'update'].map(
  verb => `token-${verb}`,
);

const CASES: readonly (readonly [what: string, line: string, words: readonly string[]])[] = [
  ['verbs in one word', 'pullpass token-', TOKEN_VERBS],
  ['verbs after their noun', 'pullpass token r', ['rm', 'rotate']],
  ['aliases', 'pullpass tokens', ['tokens']],
  ['options', 'pullpass token-add --re', ['--readwrite', '--repository']],
  ['choices of an option', 'pullpass policy-add --role ', ['reader', 'writer', 'manager', 'administrator']],
  ['choices of a global option', 'pullpass --output j', ['json']],
  ['targets of an option', 'pullpass --target e', ['eu', 'eu-2']],
  ['targets of an argument', 'pullpass target-use ', TARGETS],
  ['a verb after values of options', 'pullpass --target token --output json target-u', ['target-use']],
  ['choices of an argument', 'pullpass completion b', ['bash']],
  ['verbs of a noun', 'pullpass token ', ['add', 'ensure', 'list', 'show', 'get', 'rm', 'rotate', 'update']],
  ['nouns', 'pullpass tru', ['trust', 'trust-add', 'trust-list', 'trust-test', 'trust-rm']],
  ['verbs after help', 'pullpass help target-u', ['target-use']],
  ['a registry by its service', 'pullpass registry-login ', ['registry.example', 'registry.example:5000']],
  [
    'registries of the target on the line',
    'pullpass --target eu-2 doctor r',
    ['registry.example', 'registry.example:5000'],
  ],
  ['no registry of an unknown target', 'pullpass --target nowhere doctor ', []],
  ['nothing for identifiers', 'pullpass token-get ', []],
  ['nothing for free text', 'pullpass token-add --description ', []],
  ['nothing for unknown verbs', 'pullpass nonsense ', []],
];

/** `afterColon`: what is offered for the target `localhost:8080` when `localhost:8` has been typed. */
export function describeCompletions(name: string, offers: Offers, afterColon: string): void {
  let shell: Shell;
  let stub: Stub;
  beforeAll(async () => {
    shell = await Shell.open();
    stub = await Stub.deployment();
    for (const target of TARGETS) await shell.says('target-add', target, stub.url);
  });
  afterAll(async () => {
    await shell.close();
    await stub.close();
  });

  describe(name, () => {
    it('offers the words of the table', async () => {
      const lines = CASES.map(([, line]) => line);
      const offered = await offers(shell, lines);
      const found = CASES.map(([what], i) => [what, offered[i]]);
      expect(found).toEqual(CASES.map(([what, , words]) => [what, words]));
    });
    it('offers the options of the verb and the global options', async () => {
      const [words] = await offers(shell, ['pullpass tokens --']);
      expect(words).toEqual(
        expect.arrayContaining(['--format', '--quiet', '--target', '--output', '--help']),
      );
    });
    it('completes the name of a target with a colon', async () => {
      expect(await offers(shell, ['pullpass target rm localhost:8'])).toEqual([[afterColon]]);
    });
  });
}
