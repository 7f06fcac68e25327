/** `npm start` with tokens in its store, and the worst inputs for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { administratorToken, fill, type LocalProcess, startLocal } from './local-process.ts';
import { loginRequest } from './requests.ts';
import { type WorstInput, worstInputs } from './worst-inputs.ts';

const TOKENS = 200;

export interface Victim {
  readonly local: LocalProcess;
  readonly inputs: readonly WorstInput[];
  readonly goodLogins: readonly string[];
  close(): Promise<void>;
}

export async function openVictim(): Promise<Victim> {
  const directory = await mkdtemp(join(tmpdir(), 'pullpass-worst-'));
  const data = join(directory, 'data');
  const values = await fill(data, 'dev:acme', TOKENS);
  const local = await startLocal(data);
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
