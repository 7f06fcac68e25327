/** `npm start` with tokens in its store, and the worst inputs for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administratorToken, fill, type LocalProcess, startLocal } from './local-process.ts';
import { loginRequest, SERVICE } from './requests.ts';
import { type WorstInput, worstInputs } from './worst-inputs.ts';

const TOKENS = 200;

export interface Victim {
  readonly local: LocalProcess;
  readonly inputs: readonly WorstInput[];
  readonly goodLogins: readonly string[];
  close(): Promise<void>;
}

/** `failuresPerMinute`: of one address, before the limiter refuses it. */
export async function openVictim(failuresPerMinute = 100): Promise<Victim> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-worst-'));
  const data = join(directory, 'data');
  const values = await fill(data, 'dev:acme', TOKENS);
  const local = await startLocal(data, undefined, {
    ...(await everything(directory)),
    PULLPASS_FAILURES_PER_MINUTE: String(failuresPerMinute),
  });
  return {
    local,
    inputs: worstInputs(await administratorToken(local, data)),
    goodLogins: values.map(loginRequest),
    close: async () => {
      await local.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The one service as a registry proxy that also takes notifications, so that every route is served. */
async function everything(directory: string): Promise<Record<string, string>> {
  const [secret, services] = [join(directory, 'secret'), join(directory, 'services.json')];
  await writeFile(secret, 'a-secret-of-the-bench', { mode: 0o600 });
  const service = {
    name: SERVICE,
    upstream: { url: 'http://127.0.0.1:1' },
    notifications: { secret: `file:${secret}` },
  };
  await writeFile(services, JSON.stringify([service]));
  return { PULLPASS_SERVICES: services };
}
