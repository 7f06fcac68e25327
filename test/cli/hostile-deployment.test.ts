/** A hostile deployment: none of its texts reaches a terminal or a file with a control character. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../cli/helper/serve.ts';
import { provide } from '../../cli/kubelet/provide.ts';
import { FORMAT_NAMES } from '../../lib/api/credential-formats.ts';
import * as responses from '../../lib/api/responses.ts';
import { PROBLEM, REGISTRY_ERROR } from '../../lib/http/error-bodies.ts';
import { dangerIn, HOSTILE, hostileValue, malformedValue } from './support/hostile.ts';
import { HostileDeployment, ID } from './support/hostile-deployment.ts';
import type { Outcome } from './support/shell.ts';

let deployment: HostileDeployment;
beforeEach(async () => {
  deployment = await HostileDeployment.open();
});
afterEach(() => deployment.close());

/** Every verb, as `pullpass complete` lists them, with command lines that ask the deployment. */
function verbs(): Readonly<Record<string, readonly (readonly string[])[]>> {
  const { shell, stub } = deployment;
  const file = join(shell.directory, 'written');
  const policy = ['policy-add', '--subject', 'x', '--role', 'reader'];
  const trust = ['trust-add', '--issuer', 'x', '--claim', 'a=b'];
  return {
    login: [['login', '--url', stub.url, '--apikey', 'k']],
    logout: [['logout'], ['logout', '--all']],
    whoami: [['whoami']],
    revoke: [['revoke', '--stdin']],
    'registry-login': [
      ['registry-login', '--client', 'podman'],
      ['registry-login', '--client', 'podman', '--iamrefresh'],
    ],
    credential: FORMAT_NAMES.flatMap(format => [
      ['credential', '--format', format],
      ['credential', '--format', format, '--file', file],
    ]),
    'token-add': [['token-add'], ['token-add', '-q']],
    'token-ensure': [
      ['token-ensure', 'team'],
      ['token-ensure', 'team', '-q'],
      ['token-ensure', 'team', '--apply'],
    ],
    'token-show': [['token-show', ID]],
    'token-list': [
      ['token-list'],
      ['token-list', '-q'],
      ['token-list', '--wide', '--label', 'team=x', '--state', 'expiring'],
      ['token-list', '--format', '{{.ID}}\\t{{.Description}}'],
    ],
    tokens: [['tokens']],
    'token-get': [
      ['token-get', ID],
      ['token-get', ID, '-q'],
    ],
    'token-rm': [
      ['token-rm', '-f', ID],
      ['token-rm', '--label', 'team=x', '--dry-run'],
    ],
    'token-rotate': [
      ['token-rotate', ID],
      ['token-rotate', ID, '-q'],
      ['token-rotate', ID, '--grace', '1h', '--wait', '1s'],
    ],
    'token-update': [['token-update', ID, '--enable']],
    'namespace-add': [['namespace-add', 'team-a']],
    'namespace-list': [['namespace-list']],
    'namespace-rm': [['namespace-rm', '-f', 'team-a']],
    'policy-add': [policy],
    'policy-list': [['policy-list']],
    'policy-rm': [['policy-rm', '-f', ID]],
    'trust-add': [trust],
    'trust-list': [['trust-list']],
    'trust-test': [['trust-test', '--jwt-file', deployment.jwtFile]],
    explain: [
      ['explain', '--token', ID, '--scope', 'repository:team-a/app:pull'],
      ['explain', '--request', ID],
      ['explain', '--subject', 'x'],
    ],
    audit: [['audit'], ['audit', '--token', ID, '--since', '7d']],
    issuers: [['issuers'], ['issuers', '--platforms']],
    rules: [['rules']],
    'rules-set': [['rules-set', '--require-owner', 'yes']],
    usage: [['usage'], ['usage', '--token', ID, '--repository', 'team-a/app']],
    'trust-rm': [['trust-rm', '-f', ID]],
    'target-add': [['target-add', 'other', stub.url]],
    'target-list': [['target-list'], ['target-list', '-q']],
    'target-use': [['target-use', 'here']],
    'target-rm': [['target-rm', 'here']],
    'registry-config': [
      ['registry-config'],
      ['registry-config', '--directory', join(shell.directory, 'config')],
      ['registry-config', '--for', 'zot'],
    ],
    completion: [
      ['completion', 'bash'],
      ['completion', 'zsh'],
      ['completion', 'fish'],
    ],
    doctor: [['doctor']],
    probe: [['probe'], ['probe', '--namespace', 'team-a']],
    help: [['help']],
  };
}

/** What a holder types who has logged in with a token. */
const HELD: readonly (readonly string[])[] = [
  ['whoami'],
  ['token-show'],
  ['token-rotate'],
  ['token-rotate', '-q'],
  ['token-rotate', '--grace', '1h', '--wait', '1s'],
];

/** The verbs that change what is stored. */
const CHANGING = /^(?:log|target)/;

const FORMS = { human: [], terminal: [], json: ['--output', 'json'] } as const;

/** The terminal sequences of our own: a red label, the colours of states, and how a notice is cleared. */
const OWN = [
  '\u001b[31merror:\u001b[39m',
  '\u001b[32mactive\u001b[39m',
  '\u001b[33mexpiring\u001b[39m',
  '\u001b[31mdisabled\u001b[39m',
  '\r\u001b[K',
];

/** Runs every verb in every form, and the two other programs, and looks at all that they print and write. */
async function expectSafe(): Promise<void> {
  const { shell, stub, registry } = deployment;
  const variables = { PATH: [shell.directory, '/usr/bin', '/bin'].join(delimiter) };
  await deployment.logIn();
  for (const [form, more] of Object.entries(FORMS)) {
    for (const args of Object.values(verbs()).flat()) {
      if (form === 'json' && args.includes('--format') && args[0] === 'token-list') continue;
      const outcome = await shell.pullpass([...args, ...more], { isTTY: form === 'terminal', variables });
      expectSafeOutcome(`${args.join(' ')} (${form})`, outcome);
      if (CHANGING.test(args[0] ?? '')) await deployment.logIn();
    }
    for (const args of HELD) {
      await deployment.logIn('registry-token');
      const outcome = await shell.pullpass([...args, ...more], { isTTY: form === 'terminal', variables });
      expectSafeOutcome(`held: ${args.join(' ')} (${form})`, outcome);
    }
    await deployment.logIn();
  }
  await deployment.logIn();
  expectSafeOutcome('helper', await shell.runs(serve, ['get'], { input: registry }));
  const args = ['--url', stub.url, '--registry', registry];
  const input = JSON.stringify({
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    kind: 'CredentialProviderRequest',
    image: `${registry}/team-a/app`,
    serviceAccountToken: 'a-token',
  });
  expectSafeOutcome('kubelet provider', await shell.runs(provide, args, { input }));
  for (const [path, text] of await filesIn(shell.directory)) {
    if (!path.endsWith('/podman')) expect(dangerIn(text), path).toBeUndefined();
  }
}

function expectSafeOutcome(what: string, { stdout, stderr }: Outcome): void {
  for (const text of [stdout, stderr]) {
    expect(dangerIn(OWN.reduce((rest, own) => rest.replaceAll(own, ''), text)), what).toBeUndefined();
    expect(text, what).not.toMatch(/^error: forged/m);
  }
}

async function filesIn(directory: string): Promise<[path: string, text: string][]> {
  const found: [string, string][] = [];
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if ((await stat(path)).isDirectory()) found.push(...(await filesIn(path)));
    else found.push([path, await readFile(path, 'utf8')]);
  }
  return found;
}

describe('a deployment', () => {
  it('is asked by every verb of the command', async () => {
    const listed = (await deployment.shell.says('complete', '--', '')).trim().split('\n');
    expect(new Set(Object.keys(verbs()))).toEqual(new Set(listed));
  });

  it('with hostile text wherever the API allows text is printed safely', async () => {
    deployment.answersWith(hostileValue);
    deployment.hasMetadata();
    deployment.hasCredentials();
    await expectSafe();
  });

  it('with hostile text in every member is refused, and that is printed safely', async () => {
    deployment.answersWith(malformedValue);
    await expectSafe();
    deployment.hasMetadata();
    await expectSafe();
  });

  const headers = { 'x-request-id': 'r\u009b31m' };
  it.each([
    ['problem details', 400, PROBLEM],
    ['the errors of a registry', 401, REGISTRY_ERROR],
    ['problem details', 503, PROBLEM],
  ])('with hostile %s of status %s is printed safely', async (_, status, schema) => {
    deployment.answers(() => ({ status, headers, json: hostileValue(schema) }));
    await expectSafe();
  });

  it('with hostile text in place of JSON is printed safely', async () => {
    deployment.answers(() => ({ text: HOSTILE }));
    deployment.hasMetadata();
    await expectSafe();
  });
});

it('hostile text is shown to people as escapes', async () => {
  deployment.answersWith(hostileValue);
  await deployment.logIn();
  expect(await deployment.shell.says('policy-list')).toContain('a\\u001b[2J');
});

describe('hostile text in JSON', () => {
  it('is escaped, and means the same', async () => {
    deployment.answersWith(hostileValue);
    await deployment.logIn();
    for (const [verb, schema] of [
      ['token-list', responses.TOKEN],
      ['policy-list', responses.POLICY],
      ['trust-list', responses.TRUST],
      ['namespace-list', responses.NAMESPACE],
      ['usage', responses.COUNTER],
      ['audit', responses.AUDIT_ENTRY],
    ] as const) {
      const [item] = await deployment.shell.json(verb);
      expect(item, verb).toEqual(JSON.parse(JSON.stringify(hostileValue(schema))));
    }
    expect(await deployment.shell.json('whoami')).toMatchObject({ identity: { subject: HOSTILE } });
  });
});
