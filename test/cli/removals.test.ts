/** The verbs that remove: what they ask at a terminal, what they show, and what they do without one. */

import { beforeEach, describe, expect, it } from 'vitest';
import { logIn, shell, stub, useStub } from './support/setup.ts';

const ONE = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const TWO = '01a1fde6-b720-7292-88d8-03b75b4a87b1';
const CREATED = { createdAt: '2026-11-21T07:00:00Z', createdBy: 'dev:alice' };
const TOKEN = {
  ...{ id: ONE, description: 'the farm\u001b[2J', access: 'push', repositories: ['team-a/*'] },
  ...{ expiresAt: null, lastUsedAt: null, disabled: false, retrievable: true, limits: null, ...CREATED },
};
const POLICY = { id: ONE, subject: 'dev:carol', role: 'writer', repositories: ['team-a/*'], ...CREATED };
const TRUST = {
  ...{ id: ONE, issuer: 'github', claims: { repository_id: '74', ref: 'main' }, access: 'pull' },
  ...{ repositories: null, lifetimeSeconds: 3600, ...CREATED },
};

interface Case {
  readonly verb: string;
  readonly name: string;
  readonly other: string;
  /** How the question begins, and the line before it. */
  readonly question: string;
  readonly shown: string;
}

const CASES: readonly Case[] = [
  {
    ...{ verb: 'token-rm', name: ONE, other: TWO },
    question: `Remove the token ${ONE}? Logins with it will be refused.`,
    shown: `${ONE}   "the farm\\u001b[2J", to pull and push in team-a/*`,
  },
  {
    ...{ verb: 'policy-rm', name: ONE, other: TWO },
    question: `Remove the policy ${ONE}? The identity loses the role.`,
    shown: `${ONE}   writer of team-a/* for dev:carol`,
  },
  {
    ...{ verb: 'trust-rm', name: ONE, other: TWO },
    question: `Remove the trust ${ONE}? Its workloads can no longer log in.`,
    shown: `${ONE}   github repository_id=74 ref=main, to pull in all namespaces of the account`,
  },
  {
    ...{ verb: 'namespace-rm', name: 'team-a', other: 'team-b' },
    question: 'Remove the namespace team-a? No login can pull or push in it',
    shown: '',
  },
];
const NAMES = CASES.map(one => [one.verb, one] as const);

useStub(() => ({
  ...Object.fromEntries(
    CASES.flatMap(({ verb, name, other }) =>
      [name, other].map(it => [`DELETE ${pathOf(verb)}/${it}`, () => ({ status: 204, text: '' })]),
    ),
  ),
  [`GET /v1/tokens/${ONE}`]: () => ({ json: TOKEN }),
  'GET /v1/policies': () => ({ json: { policies: [POLICY] } }),
  'GET /v1/trusts': () => ({ json: { trusts: [TRUST] } }),
}));
beforeEach(() => logIn());

function pathOf(verb: string): string {
  return (
    { token: '/v1/tokens', policy: '/v1/policies', trust: '/v1/trusts' }[verb.split('-')[0] ?? ''] ??
    '/v1/namespaces'
  );
}
const deleted = () => stub.lines.filter(line => line.startsWith('DELETE '));

describe.for(NAMES)('%s', ([verb, { name, other, question, shown }]) => {
  it('asks at a terminal, shows what would be removed, and removes nothing without a yes', async () => {
    const { code, stdout, stderr } = await shell.pullpass([verb, name], { isTTY: true, input: 'n\n' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain(question);
    expect(stderr).toContain(shown);
    expect(stderr).toContain('Nothing was removed.');
    expect(deleted()).toEqual([]);
  });
  it('takes the end of the input (Ctrl-D) for a no', async () => {
    const { code, stderr } = await shell.pullpass([verb, name], { isTTY: true, input: '' });
    expect(code).toBe(0);
    expect(stderr).toContain('\nNothing was removed.\n');
    expect(deleted()).toEqual([]);
  });
  it('removes after a yes', async () => {
    const { code, stdout } = await shell.pullpass([verb, name], { isTTY: true, input: 'yes\n' });
    expect({ code, stdout }).toEqual({ code: 0, stdout: `Removed ${name}\n` });
    expect(deleted()).toEqual([`DELETE ${pathOf(verb)}/${name}`]);
  });
  it('asks once for several, of which one may be unknown', async () => {
    const { stderr } = await shell.pullpass([verb, name, other], { isTTY: true, input: '\n' });
    const plural = { token: 'tokens', policy: 'policies', trust: 'trusts', namespace: 'namespaces' };
    expect(stderr).toContain(`Remove these 2 ${plural[verb.split('-')[0] as 'token']}? `);
    expect(stderr).toContain(shown);
    expect(stderr).toContain(verb === 'namespace-rm' ? `\n${other}\n` : `\n${other}   not found\n`);
    expect(deleted()).toEqual([]);
  });
  it('without a terminal and -f exits with 2, and sends nothing', async () => {
    const before = stub.lines.length;
    const { code, stdout, stderr } = await shell.pullpass([verb, name]);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: No terminal to ask on; use --force.\n',
    });
    expect(stub.lines.length).toBe(before);
  });
  it.each(['-f', '--force'])('%s removes without a question, in either spelling of the verb', async force => {
    for (const spelling of [[verb], verb.split('-')]) {
      for (const isTTY of [true, false]) {
        const { code, stdout, stderr } = await shell.pullpass([...spelling, force, name], { isTTY });
        expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `Removed ${name}\n`, stderr: '' });
      }
    }
    expect(deleted()).toHaveLength(4);
  });
  it('tells programs that nothing was removed', async () => {
    const args = [verb, name, '--output', 'json'];
    const { code, stdout } = await shell.pullpass(args, { isTTY: true, input: 'n\n' });
    expect({ code, answer: JSON.parse(stdout) }).toEqual({ code: 0, answer: [{ name, removed: false }] });
  });
});

it('an identifier is taken in any case', async () => {
  expect(await shell.says('policy-rm', '-f', ONE.toUpperCase(), ONE)).toBe(`Removed ${ONE}\n`);
  expect(deleted()).toEqual([`DELETE /v1/policies/${ONE}`]);
});

it('a question about very many names the first, and counts the others', async () => {
  const many = Array.from({ length: 25 }, (_, i) => `team-${i}x`);
  const { stderr } = await shell.pullpass(['namespace-rm', ...many], { isTTY: true, input: 'n\n' });
  expect(stderr).toContain('team-19x\nand 5 more\n');
  expect(stderr).toContain('Remove these 25 namespaces?');
});

it('what cannot be looked up is not asked about, and not removed', async () => {
  stub.replies['GET /v1/policies'] = () => ({ status: 503, json: { detail: 'Busy.' } });
  expect(await shell.pullpass(['policy-rm', ONE], { isTTY: true, input: 'y\n' })).toMatchObject({ code: 1 });
  expect(deleted()).toEqual([]);
});
