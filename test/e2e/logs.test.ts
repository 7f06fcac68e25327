/** The queries of docs/logs.md for one machine, run over what a deployment has written. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUESTIONS } from '../support/log-document.ts';
import { type Written, writeEveryEvent } from '../support/log-scenario.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { tool } from './support/tools.ts';

let directory: string;
let known: Written['known'];
beforeAll(async () => {
  const { logs, ...written } = await writeEveryEvent();
  known = written.known;
  directory = await newDirectory('logs');
  const started = 'Pullpass listens on http://localhost:8080\n';
  await writeFile(join(directory, 'pullpass.log'), started + logs.map(line => `${line}\n`).join(''));
});
afterAll(() => removeDirectory(directory));

/** What the answer to each question tells, of what was done above. */
const ANSWERS: Readonly<Record<string, readonly RegExp[]>> = {
  'Who used this token last?': [/^.*"sourceAddress":"198\.51\.100\.3".*\n$/],
  'Why was this denied?': [/"denial":"unknown-secret".*"reason":"token: malformed"/, /198\.51\.100\.66/],
  'What did this credential do?': [/"message":"vended".*\n.*"message":"login".*"198\.51\.100\.3"/],
  'Which administrator removed that token?': [/"subject":"dev:alice".*"act":"remove-token"/],
  "Who has seen this token's value?": [
    /"act":"add-token".*\n.*"subject":"dev:alice".*"act":"retrieve-value".*\n$/,
  ],
  'How many logins in each hour?': [/^ +5 2026-11-21T07\n$/],
  'What is denied, and why?': [/^ +\d+ [a-z-]+ [a-z]+$/m],
  'Which requests were slowest?': [/^\{"method":"[A-Z]+","route":"\/.*","LatencyMs":\d+,"StoreCalls":\d+/],
  'What failed?': [/"message":"refused".*"code":"unavailable"/],
};

describe('the queries of jq', () => {
  it('cover every question of the document', () => {
    expect([...QUESTIONS.keys()]).toEqual(Object.keys(ANSWERS));
  });

  it.each([...QUESTIONS])('answer from the log of a deployment: %s', (question, blocks) => {
    const env = { PATH: `${dirname(tool('jq'))}${delimiter}${process.env.PATH}` };
    const commands = blocks.filter(({ language }) => language === 'sh');
    const answers = commands.map(({ text }) => {
      const command = text.replaceAll(/<([a-z ]+)>/g, (_, word: string) => known[word] ?? expect.fail(word));
      return execFileSync('bash', ['-o', 'pipefail', '-c', command], {
        cwd: directory,
        encoding: 'utf8',
        env,
      });
    });
    const expected = ANSWERS[question] ?? [];
    expect(answers).toHaveLength(expected.length);
    for (const [i, answer] of answers.entries()) expect(answer).toMatch(expected[i] ?? /^$/);
  });
});
