/** Each client at each registry: what a token allows, and nothing more. */
import { describe, expect, it } from 'vitest';
import { expectSuccess } from '../expect.ts';
import { type Result, run } from '../processes.ts';
import type { RegistryKind } from '../registry.ts';
import { useWorld } from '../world.ts';
import { type Client, versionOf } from './programs.ts';
import { environment, nameOf, User } from './user.ts';

/** The tests of these clients, at each of these registries. */
export function describeMatrix(clients: readonly Client[], registries: readonly RegistryKind[]): void {
  describe.each(registries)('at %s', kind => {
    const world = useWorld({
      registries: [kind === 'zot' ? { kind, service: { profile: 'kid' } } : { kind }],
    });
    it.each(clients)(
      '$name pushes and pulls as its token allows, and not after its removal',
      async client => {
        const user = await User.of(client, world());
        const pusher = await world().pullpass.addToken({ access: 'push' });
        expectSuccess(await user.does('login', pusher.token));
        expectSuccess(await user.does('push', pusher.token, { tag: '1.0.0' }));
        expectSuccess(await user.does('pull', pusher.token, { tag: '1.0.0' }));

        const puller = await world().pullpass.addToken();
        expectSuccess(await user.does('login', puller.token));
        expectSuccess(await user.does('pull', puller.token, { tag: '1.0.0' }));
        expectRefused(await user.does('push', puller.token, { tag: '2.0.0' }));

        if (client.keepsAccessTokens) return;
        await world().pullpass.manage('DELETE', `/v1/tokens/${puller.id}`);
        expectRefused(await user.does('pull', puller.token, { tag: '1.0.0' }));
      },
    );
  });

  describe('the version that is tried is the one of packages.json', () => {
    it.each(clients)('$name', async client => {
      const { output } = await run('bash', ['-c', versionCommand(client)], { env: environment(client) });
      expect(output).toContain(versionOf(client));
    });
  });
}

/** What clients print of a refusal, in their many words. */
const REFUSAL =
  /denied|unauthori[sz]ed|insufficient_scope|invalid_token|\b40[13]\b|invalid username\/password|requires a token/i;

/** It failed because it was refused, in its time: a client that waits for a terminal has not understood the refusal. */
export function expectRefused(result: Result): void {
  expect(result.output).toMatch(REFUSAL);
  expect(result, result.output).toMatchObject({
    code: expect.toSatisfy(code => code !== 0),
    timedOut: false,
  });
}

/** Asks the package manager, because some programs do not know their version. */
function versionCommand(client: Client): string {
  const name = nameOf(client);
  const commands: Record<string, string> = {
    'Debian 12': `dpkg-query --show ${name}`,
    Go: `go version -m "$(command -v ${client.command})"`,
    PyPI: `${client.command} -m pip show ${name}`,
    npm: `${client.command} --version`,
    // Maven runs the version that the script names.
    Maven: `echo ${client.package}`,
  };
  return commands[client.source] ?? '';
}
