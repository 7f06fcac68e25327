/** Values that programs use as they are: the command refuses those that do not have their shape. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FormatName } from '../../lib/api/credential-formats.ts';
import { NEW_TOKEN, TOKEN_LIST, TOKEN_VALUE } from '../../lib/api/responses.ts';
import { hostileValue } from './support/hostile.ts';
import { HostileDeployment, ID } from './support/hostile-deployment.ts';
import type { StubAnswer } from './support/stub.ts';

let deployment: HostileDeployment;
beforeEach(async () => {
  deployment = await HostileDeployment.open();
  await deployment.logIn();
});
afterEach(() => deployment.close());

describe('a value for programs', () => {
  it.each([
    [['token-add', '-q'], 'POST /v1/tokens', NEW_TOKEN, 'token is not valid'],
    [['token-rotate', ID, '-q'], `POST /v1/tokens/${ID}/rotate`, NEW_TOKEN, 'token is not valid'],
    [['token-get', ID, '-q'], `GET /v1/tokens/${ID}/value`, TOKEN_VALUE, 'token is not valid'],
    [['token-list', '-q'], 'GET /v1/tokens', TOKEN_LIST, 'tokens.0.id is not valid'],
  ])('%j refuses one of another shape', async (args, line, schema, reason) => {
    const text = JSON.stringify(hostileValue(schema));
    const bad = line === 'GET /v1/tokens' ? text.replace(ID, '$(id)') : text.replace(/plp_x+/, 'plp_$(id)');
    deployment.stub.replies[line] = () => ({ text: bad });
    const { code, stdout, stderr } = await deployment.shell.pullpass(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`sent an unexpected response: ${reason}.`);
  });
});

describe('a credential', () => {
  const other = { auths: { 'other.example': { auth: Buffer.from('token:plc_k1.abc').toString('base64') } } };
  it.each<[string, FormatName, StubAnswer]>([
    ['for another registry', 'docker-config', { json: other }],
    ['for another registry', 'containers-auth', { json: other }],
    [
      'with another user name',
      'docker-config',
      { json: { auths: { REGISTRY: { auth: 'cm9vdDpwbGNfazEuYWJj' } } } },
    ],
    ['with a second command', 'shell', { text: "printf %s 'plc_k1.abc' | docker login 'REGISTRY'; id\n" }],
    ['that is no command of ours', 'shell', { text: 'id\n' }],
    ['that is empty', 'kubelet', { json: {} }],
  ])('%s is refused in the format %s, and not written', async (_, format, { json, text }) => {
    const sent = (text ?? JSON.stringify(json)).replace('REGISTRY', deployment.registry);
    deployment.stub.replies['POST /v1/credentials'] = () => ({ status: 201, text: sent });
    const file = join(deployment.shell.directory, 'written');
    const { code, stderr } = await deployment.shell.pullpass([
      'credential',
      '--format',
      format,
      '--file',
      file,
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain(`it is not a credential for ${deployment.registry} in the format ${format}.`);
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  it('is written without members that name programs for docker to run', async () => {
    deployment.hasCredentials({ credHelpers: { 'docker.io': 'evil' } });
    const file = join(deployment.shell.directory, 'config.json');
    await deployment.shell.says('credential', '--format', 'docker-config', '--file', file);
    expect(Object.keys(JSON.parse(await readFile(file, 'utf8')))).toEqual(['auths']);
  });
});
