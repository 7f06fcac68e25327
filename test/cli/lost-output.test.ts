/** Output that is lost, to a full disk or a reader that has gone, is a short error and never success. */

import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { serve } from '../../cli/helper/serve.ts';
import { provide } from '../../cli/kubelet/provide.ts';
import { logIn, shell, stub, useStub } from './support/setup.ts';

const SYSTEM: Record<string, string> = {
  ENOSPC: 'Standard output cannot be written: no space is left on the device.',
  EPIPE: 'Standard output was closed before everything was written.',
  EIO: 'Standard output cannot be written: the device reports an error.',
};

/** A stream that takes `bytes`, and then fails like a file or pipe with this error. */
function failing(code: string, bytes = 0): Writable {
  let left = bytes;
  return new Writable({
    write(chunk: Buffer, _, done) {
      left -= chunk.length;
      if (left >= 0) done();
      else done(Object.assign(new Error(`${code}: write`), { code }));
    },
  });
}

useStub();

describe.each(Object.entries(SYSTEM))('standard output that fails with %s', (code, message) => {
  const VERBS: Record<string, string[]> = {
    'a result': ['target-list'],
    help: ['--help'],
    'help of a verb': ['token-add', '--help'],
    'the version': ['--version'],
    'a script': ['completion', 'bash'],
    'completed words': ['complete', '--', 'tok'],
  };
  it.each(Object.entries(VERBS))('makes %s exit with 1 and one line', async (_, args) => {
    const outcome = await shell.pullpass(args, { stdout: failing(code) });
    expect(outcome).toEqual({ code: 1, stdout: '', stderr: `error: ${message}\n` });
  });

  it('is an error with a code in JSON', async () => {
    const { code: exit, stderr } = await shell.pullpass(['target-list', '--output', 'json'], {
      stdout: failing(code),
    });
    expect({ exit, said: JSON.parse(stderr) }).toEqual({
      exit: 1,
      said: { error: { message, code: 'output-lost' } },
    });
  });

  it('makes the credential helper and the kubelet provider exit with 1 and one line', async () => {
    expect(await shell.runs(serve, ['version'], { stdout: failing(code) })).toMatchObject({
      code: 1,
      stderr: `docker-credential-pullpass: ${message}\n`,
    });
    const request = {
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderRequest',
      image: 'other.example/app',
    };
    const args = ['--url', 'https://pullpass.example', '--registry', 'registry.example'];
    expect(
      await shell.runs(provide, args, { input: JSON.stringify(request), stdout: failing(code) }),
    ).toMatchObject({ code: 1, stderr: `pullpass-kubelet-provider: ${message}\n` });
  });
});

describe('a list', () => {
  it('asks for no further page when its reader has gone', async () => {
    await logIn();
    const token = {
      ...{ id: '01a1fde6-b720-7292-88d8-03b75b4a87b0', description: '', access: 'pull', repositories: null },
      ...{ expiresAt: null, lastUsedAt: null, disabled: false, retrievable: true, limits: null },
      ...{ createdAt: '2026-11-21T07:00:00Z', createdBy: 'dev:alice' },
    };
    stub.replies['GET /v1/tokens'] = () => ({ json: { tokens: [token, token], nextCursor: 'more' } });
    const outcome = await shell.pullpass(['tokens', '-q'], { stdout: failing('EPIPE', 200) });
    expect(outcome).toMatchObject({ code: 1, stderr: `error: ${SYSTEM.EPIPE}\n` });
    expect(stub.lines.filter(line => line.startsWith('GET /v1/tokens')).length).toBeLessThan(5);
  });
});

describe('standard error that cannot be written', () => {
  it('changes no exit code', async () => {
    const stderr = () => failing('ENOSPC');
    expect((await shell.pullpass(['target-list'], { stderr: stderr() })).code).toBe(0);
    expect((await shell.pullpass(['whoami'], { stderr: stderr() })).code).toBe(1);
    expect((await shell.pullpass(['no-such-verb'], { stderr: stderr() })).code).toBe(2);
    expect((await shell.runs(serve, ['get'], { stderr: stderr(), input: 'x' })).code).toBe(1);
    const both = { stdout: failing('EPIPE'), stderr: failing('EPIPE') };
    expect((await shell.pullpass(['target-list'], both)).code).toBe(1);
  });
});
