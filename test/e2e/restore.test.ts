/** A backup of one machine, restored as docs/one-machine.md says, brings back nothing that was removed since. */
import { cp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { newDeployment, times } from './support/deployment.ts';
import type { NewToken, Pullpass } from './support/pullpass.ts';

const TOKENS = 60;
const SCOPE = 'repository:team-a/app:pull,push';

async function backUp(pullpass: Pullpass): Promise<string> {
  const { PULLPASS_DATA: data } = pullpass.settings;
  await cp(data, `${data}-backup`, { recursive: true, preserveTimestamps: true });
  return `${data}-backup`;
}

async function putBack(pullpass: Pullpass, backup: string): Promise<void> {
  const { PULLPASS_DATA: data } = pullpass.settings;
  await rm(data, { recursive: true });
  await cp(backup, data, { recursive: true, preserveTimestamps: true });
}

/** Takes something from each of the tokens; answers the secrets that are still good. */
async function takeAway(pullpass: Pullpass, tokens: readonly NewToken[]): Promise<Map<string, string>> {
  const good = new Map<string, string>();
  await times(tokens.length, 8, async index => {
    const { id, token } = tokens[index] ?? { id: '', token: '' };
    const path = `/v1/tokens/${id}`;
    if (index % 4 === 0) await pullpass.manage('DELETE', path);
    if (index % 4 === 1) await pullpass.manage('PATCH', path, { disabled: true });
    if (index % 4 === 2) good.set((await pullpass.manage('POST', `${path}/rotate`, {})).token, 'pull,push');
    if (index % 4 === 3) {
      await pullpass.manage('PATCH', path, { access: 'pull' });
      good.set(token, 'pull');
    }
  });
  return good;
}

/** What each secret gives; nothing when it is refused. */
async function rights(pullpass: Pullpass, secrets: readonly string[]): Promise<Map<string, string>> {
  const found = await times(secrets.length, 8, async index => {
    const secret = secrets[index] ?? '';
    const { status, json } = await pullpass.logIn('token', secret, { scope: SCOPE });
    if (status !== 200) return [secret, ''] as const;
    const { access } = JSON.parse(Buffer.from(json.token.split('.')[1] ?? '', 'base64url').toString());
    return [secret, access[0]?.actions.join(',') ?? ''] as const;
  });
  return new Map(found.filter(([, given]) => given !== ''));
}

const addTokens = async (pullpass: Pullpass) => {
  await pullpass.manage('PUT', '/v1/namespaces/team-a');
  return times(TOKENS, 8, () => pullpass.addToken({ access: 'push', nonExpiring: true }));
};

it('is refused without the word for it, and with it everything stays as it was taken away', async () => {
  const pullpass = await (await newDeployment()).start();
  const tokens = await addTokens(pullpass);
  await pullpass.stop();
  const backup = await backUp(pullpass);
  await pullpass.start();
  const good = await takeAway(pullpass, tokens);
  await pullpass.stop();
  await putBack(pullpass, backup);

  const refused = pullpass.launch();
  expect(await refused.exited, refused.output()).toBe(1);
  expect(refused.output()).toContain('npm start -- --after-restore');

  await pullpass.start('--after-restore');
  expect(pullpass.running.output()).toContain(`${TOKENS} took something away`);
  const secrets = [...tokens.map(({ token }) => token), ...good.keys()];
  expect(await rights(pullpass, secrets)).toEqual(good);

  await pullpass.stop();
  await pullpass.start();
  expect(await rights(pullpass, secrets)).toEqual(good);
});

it('is recognised when it was made of a running process that was killed later', async () => {
  const pullpass = await (await newDeployment()).start();
  const tokens = await addTokens(pullpass);
  const backup = await backUp(pullpass);
  const good = await takeAway(pullpass, tokens);
  await pullpass.crash();
  await putBack(pullpass, backup);
  await pullpass.start();
  const secrets = [...tokens.map(({ token }) => token), ...good.keys()];
  expect(await rights(pullpass, secrets)).toEqual(good);
});

it('and killed at any moment of the replay, it is served only when that came to its end', async () => {
  const pullpass = await (await newDeployment()).start();
  const tokens = await addTokens(pullpass);
  await pullpass.stop();
  const backup = await backUp(pullpass);
  await pullpass.start();
  const good = await takeAway(pullpass, tokens);
  await pullpass.stop();
  const secrets = [...tokens.map(({ token }) => token), ...good.keys()];
  await putBack(pullpass, backup);
  for (const delay of [300, 400, 450, 500, 550, 600, 700]) {
    const running = pullpass.launch({}, ['--after-restore']);
    await new Promise(resolve => setTimeout(resolve, delay));
    running.kill('SIGKILL');
    await running.exited;
  }
  await pullpass.start('--after-restore');
  expect(await rights(pullpass, secrets)).toEqual(good);
});

it('is not carried out, and not acknowledged, what cannot be written to the ledger', async () => {
  const pullpass = await (await newDeployment()).start();
  const { id, token } = await pullpass.addToken();
  const ledger = `${pullpass.settings.PULLPASS_DATA}-ledger`;
  expect((await stat(ledger)).mode & 0o777).toBe(0o700);
  await rename(ledger, `${ledger}-away`);
  await writeFile(ledger, 'in the way');
  const answer = await pullpass.call('DELETE', `/v1/tokens/${id}`);
  expect([answer.status, answer.json.code]).toEqual([503, 'unavailable']);
  await rm(ledger);
  await rename(`${ledger}-away`, ledger);
  expect((await pullpass.logIn('token', token)).status).toBe(200);
  expect((await pullpass.call('DELETE', `/v1/tokens/${id}`)).status).toBe(204);
});
