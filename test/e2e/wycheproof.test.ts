/** Project Wycheproof's test vectors for JSON web signatures. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readKeySet } from '../../lib/iam/issuer-keys.ts';
import { readJws, verifySignature } from '../../lib/iam/signed-token.ts';
import { run } from './support/processes.ts';
import { tool } from './support/tools.ts';

const MODULE = 'github.com/c2sp/wycheproof@v0.0.0-20260902155932-3fa63dd0344a';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: 'invalid' | 'valid';
}

interface Group {
  readonly comment: string;
  readonly public?: Record<string, unknown>;
  readonly private?: Record<string, unknown>;
  readonly tests: readonly Vector[];
}

async function groups(): Promise<Group[]> {
  const options = { env: { ...process.env }, cwd: tmpdir() };
  const { code, output } = await run(tool('go'), ['mod', 'download', '-json', MODULE], options);
  expect(code, output).toBe(0);
  const { Dir: directory } = JSON.parse(output.slice(output.indexOf('{'))) as { Dir: string };
  const file = join(directory, 'testvectors_v1', 'json_web_signature_test.json');
  return (JSON.parse(await readFile(file, 'utf8')) as { testGroups: Group[] }).testGroups;
}

/** Whether the text is taken, when its issuer publishes the group's key and no other. */
async function isTaken({ jws }: Vector, group: Group): Promise<boolean> {
  const published = group.public ?? group.private ?? {};
  const keys = readKeySet(Buffer.from(JSON.stringify({ keys: [published] })));
  try {
    const key = keys.get(readJws(jws).kid);
    if (key === undefined) return false;
    await verifySignature(jws, key);
    return true;
  } catch {
    return false;
  }
}

describe('of the vectors of Project Wycheproof', async () => {
  const all = await groups();
  const vectors = all.flatMap(group => group.tests.map(vector => ({ group, vector })));

  it('there are as many as there were', () => expect(vectors.length).toBeGreaterThan(390));

  it('none that is invalid is taken', async () => {
    const taken: string[] = [];
    for (const { group, vector } of vectors.filter(entry => entry.vector.result === 'invalid')) {
      if (await isTaken(vector, group)) taken.push(`${group.comment} ${vector.tcId}: ${vector.comment}`);
    }
    expect(taken).toEqual([]);
  });

  it('every one that is valid is taken, but for those that no access token of ours may be like', async () => {
    const valid = vectors.filter(({ vector }) => vector.result === 'valid');
    for (const { group, vector } of valid) {
      const taken = await isTaken(vector, group);
      expect(taken, `${vector.tcId}: ${vector.comment}`).toBe(!isOutOfLaw(vector, group));
    }
    expect(valid.filter(({ group, vector }) => !isOutOfLaw(vector, group)).length).toBeGreaterThan(20);
  });
});

/** A shared secret, no claims at all, or a key that its issuer has published for another algorithm. */
function isOutOfLaw({ jws }: Vector, group: Group): boolean {
  const [header = '', payload = ''] = jws.split('.');
  const { alg, kty } = group.public ?? group.private ?? {};
  const asked = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg: string };
  return kty === 'oct' || payload === '' || alg !== asked.alg;
}
