/** Targets: which URLs can be one, and how they are added, chosen and forgotten. */

import { describe, expect, it } from 'vitest';
import { parseTargetUrl } from '../../cli/target.ts';
import { logIn, shell, stub, useStub } from './support/setup.ts';
import { METADATA, Stub } from './support/stub.ts';

describe('the URL of a target', () => {
  const GOOD: Record<string, string> = {
    'https://pullpass.example': 'https://pullpass.example',
    'https://pullpass.example/': 'https://pullpass.example',
    'HTTPS://Pullpass.Example:8443': 'https://pullpass.example:8443',
    'https://pullpass.example:443': 'https://pullpass.example',
    'http://localhost:8080': 'http://localhost:8080',
    'http://127.0.0.1:8080': 'http://127.0.0.1:8080',
    'http://127.200.3.4': 'http://127.200.3.4',
    'http://[::1]:8080': 'http://[::1]:8080',
    // The same number in another spelling, which the standard reads as this machine's address.
    'http://0x7f.1': 'http://127.0.0.1',
  };
  it.each(Object.entries(GOOD))('%s is %s', (text, origin) => expect(parseTargetUrl(text)).toBe(origin));

  const BAD = [
    'pullpass.example',
    'http://pullpass.example',
    'http://127.0.0.1.evil.example',
    'http://localhost.evil.example',
    'http://127.evil.example',
    'http://[::2]:80',
    'http://0.0.0.0:8080',
    'http://128.0.0.1',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://user@pullpass.example',
    'https://user:secret@pullpass.example',
    'https://:secret@pullpass.example',
    'https://pullpass.example/path',
    'https://pullpass.example/?query',
    'https://pullpass.example/?',
    'https://pullpass.example/#fragment',
    'https://pullpass.example\\@evil.example',
    'https://',
    '',
  ];
  it.each(BAD)('%j is refused', text => expect(() => parseTargetUrl(text)).toThrow(/URL/));
  it('is not repeated with what may be a secret', () => {
    for (const text of ['https://user:s3cr3t@eu.example/', 'http://s3cr3t@evil.example', 's3cr3t']) {
      expect(() => parseTargetUrl(text)).toThrow(/^(?!.*s3cr3t).+$/);
    }
  });
});

useStub();

describe('target-add, target-list, target-use and target-rm', () => {
  it('keep deployments by name, one of them current', async () => {
    expect(await shell.says('target-add', 'eu', stub.url)).toBe(
      `Added eu (${stub.url}), which serves registry.example:5000.\n`,
    );
    await shell.says('target', 'add', 'us', `${stub.url}/`);
    expect(await shell.says('target-use', 'us')).toBe(`The current target is us (${stub.url}).\n`);
    expect(await shell.says('target-list')).toBe(
      [
        '    NAME   URL                      LOGIN   REGISTRIES',
        `    eu     ${stub.url}   -       registry.example:5000`,
        `*   us     ${stub.url}   -       registry.example:5000\n`,
      ].join('\n'),
    );
    expect(await shell.says('target', 'list', '-q')).toBe('eu\nus\n');
    expect(await shell.says('target', 'rm', 'us')).toBe('Forgot us.\n');
    expect((await shell.pullpass(['whoami'])).stderr).toContain('There is no target yet.');
  });
  it('tell programs the same', async () => {
    const services = [{ name: 'registry.example', registry: 'registry.example:5000' }];
    const issuer = {
      key: 'dev',
      issuer: 'https://iam.example',
      tokenEndpoint: `${stub.url}/token`,
      clientId: 'cli',
    };
    const eu = { name: 'eu', url: stub.url, current: true, services, issuer, login: null };
    expect(await shell.json('target-add', 'eu', stub.url)).toEqual(eu);
    expect(await shell.json('target-list')).toEqual([eu]);
    expect(await shell.json('target-use', 'eu')).toEqual({ current: 'eu', url: stub.url });
    expect(await shell.json('target-rm', 'eu')).toEqual({ removed: 'eu' });
    expect(await shell.json('target-list')).toEqual([]);
  });
  it('read the registries anew when a target is added again, and keep its login', async () => {
    await logIn('a-key', '--target', 'eu');
    const json = stub.metadata({ pullpass_services: [{ name: 'new', registry: 'new.example' }] });
    stub.replies[METADATA] = () => ({ json });
    expect(await shell.json('target-add', 'eu', stub.url)).toMatchObject({
      services: [{ name: 'new', registry: 'new.example' }],
      login: 'iam',
    });
  });
  it('refuse an invalid name and an unknown target', async () => {
    for (const name of ['', '-x', 'a b', 'a/b', '../x', 'é', 'x'.repeat(129)]) {
      expect((await shell.pullpass(['target-add', '--', name, stub.url])).code).toBe(2);
    }
    expect(stub.requests).toEqual([]);
    for (const verb of ['target-use', 'target-rm']) {
      const { code, stderr } = await shell.pullpass([verb, 'nowhere']);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'error: There is no target nowhere.\nShow the targets with: pullpass target-list\n',
      });
    }
  });
});

describe('the target of a command', () => {
  it('is --target, else PULLPASS_TARGET, else the current one', async () => {
    const others = [await Stub.deployment(), await Stub.deployment()];
    const all = [stub, ...others];
    const names = ['one', 'two', 'three'];
    for (const [i, { url }] of all.entries()) {
      await shell.pullpass(['login', '--url', url, '--apikey', 'a-key', '--target', names[i] ?? '']);
    }
    await shell.says('target-use', 'one');
    const variables = { PULLPASS_TARGET: 'two' };
    const said = async (args: string[], typed = {}) =>
      (await shell.pullpass(['whoami', ...args, '--output', 'json'], typed)).stdout;
    expect(JSON.parse(await said([])).target).toBe('one');
    expect(JSON.parse(await said([], { variables })).target).toBe('two');
    expect(JSON.parse(await said(['--target', 'three'], { variables })).target).toBe('three');
    for (const other of others) await other.close();
  });
  it('may be named before the verb, too', async () => {
    await logIn('a-key', '--target', 'eu');
    expect(await shell.says('--target', 'eu', 'whoami')).toContain('eu (');
  });
  it('is the one of the last login', async () => {
    await shell.says('target-add', 'first', stub.url);
    const { stdout } = await shell.pullpass(['login', '--apikey', 'a-key']);
    expect(stdout).toContain(`Logged in to first (${stub.url})`);
  });
});
