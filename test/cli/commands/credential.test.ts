/** `credential`: the credential that it asks for, in every format. */

import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../../lib/api/credential-formats.ts';
import { ALICE } from '../../support/deployment.ts';
import { SERVICE } from '../../support/records.ts';
import { logInAs, useServed } from '../support/served.ts';
import { shell, useShell } from '../support/setup.ts';

useServed();
useShell();
beforeEach(() => logInAs(ALICE, shell));

describe('a credential', () => {
  it('may pull everywhere for an hour by default', async () => {
    const credential = JSON.parse(await shell.says('credential'));
    expect(credential).toMatchObject({
      username: 'token',
      registry: SERVICE.name,
      access: 'pull',
      repositories: null,
    });
    expect(Date.parse(credential.expiresAt) - Date.now()).toBeLessThanOrEqual(3_600_000);
    const args = [
      '--readwrite',
      '--expires-in',
      '10m',
      '--repository',
      'team-a/app',
      '--repository',
      'team-b/*',
    ];
    const narrow = JSON.parse(await shell.says('credential', ...args, '--service', SERVICE.name));
    expect(narrow).toMatchObject({ access: 'push', repositories: ['team-a/app', 'team-b/*'] });
    expect(Date.parse(narrow.expiresAt) - Date.now()).toBeLessThanOrEqual(600_000);
  });

  it.each(FORMAT_NAMES)('is printed and written unchanged in the format %s', async format => {
    const printed = await shell.says('credential', '--format', format);
    expect(printed).toMatch(format === 'shell' ? /^printf %s 'plc_.*\n$/ : /^\{.*\}\n$/s);
    const file = join(shell.directory, 'credential');
    expect(await shell.says('credential', '--format', format, '--file', file)).toBe(
      `Wrote ${file} (${format}).\n`,
    );
    const written = await readFile(file, 'utf8');
    if (format === 'shell') expect(written).toContain('docker login --username token --password-stdin');
    else expect(Object.keys(JSON.parse(written))).toEqual(Object.keys(JSON.parse(printed)));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(shell.directory)).toEqual(['credential', 'pullpass']);
  });

  it('is added to the logins of a docker config or auth.json, which keeps its mode', async () => {
    const others = { auths: { 'other.example': { auth: 'b2xk' } }, credsStore: 'desktop', unknown: 1 };
    for (const format of ['docker-config', 'containers-auth']) {
      const file = join(shell.directory, format);
      await writeFile(file, JSON.stringify(others), { mode: 0o640 });
      const { code, stdout, stderr } = await shell.pullpass([
        'credential',
        '--format',
        format,
        '--file',
        file,
      ]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: `Wrote ${file} (${format}).\n` });
      expect(stderr).toBe(
        `${file} is open to other users. Close it with: chmod 600 ${file}\n` +
          `${file} names the credential helper desktop, which clients ask instead of this login.\n`,
      );
      const written = JSON.parse(await readFile(file, 'utf8'));
      expect(written).toEqual({
        ...others,
        auths: { ...others.auths, [SERVICE.name]: { auth: expect.any(String) } },
      });
      expect((await stat(file)).mode & 0o777).toBe(0o640);
    }
  });

  it('is not written over a docker config that is broken, or that cannot be kept', async () => {
    const file = join(shell.directory, 'config.json');
    await writeFile(file, '{"auths":');
    const { code, stdout, stderr } = await shell.pullpass([
      ...['credential', '--format', 'docker-config', '--file', file],
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: \S+config.json is not valid JSON with logins, so nothing was written/);
    expect(await readFile(file, 'utf8')).toBe('{"auths":');
  });

  it('replaces a file of any other format', async () => {
    const file = join(shell.directory, 'credential');
    await writeFile(file, 'an old text', { mode: 0o600 });
    await shell.says('credential', '--file', file);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ username: 'token' });
  });

  it.each(['-', '/dev/stdout'])('is printed, and nothing else, for the file %s', async file => {
    expect(JSON.parse(await shell.says('credential', '--file', file))).toMatchObject({ username: 'token' });
    expect(await shell.json('credential', '--format', 'shell', '--file', file)).toMatchObject({
      format: 'shell',
    });
  });

  it('is printed as JSON with --output json', async () => {
    for (const format of FORMAT_NAMES) await shell.json('credential', '--format', format);
    expect(await shell.json('credential', '--format', 'shell')).toEqual({
      format: 'shell',
      text: expect.stringContaining('docker login'),
    });
    const file = join(shell.directory, 'credential');
    expect(await shell.json('credential', '--file', file)).toEqual({ file, format: 'json' });
  });

  it.for<[sentence: string, code: number, args: string[], text: string]>([
    ['a shape that is none', 2, ['--format', 'xml'], 'Allowed choices are'],
    ['a service that is not served', 1, ['--service', 'other.example'], `It serves: ${SERVICE.name}`],
    ['a pattern that is none', 2, ['--repository', 'team-*'], "The repository 'team-*' has a * elsewhere"],
    ['a longer life than there is', 1, ['--expires-in', '30d'], 'at most 12h'],
    ['a file that cannot be', 1, ['--file', '/nowhere/at/all'], '/nowhere/at/all cannot be written'],
  ])('there is none with %s', async ([, code, args, text]) => {
    const outcome = await shell.pullpass(['credential', ...args]);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(text);
    expect(outcome.stderr).not.toContain('plc_');
  });
});
