/** All keys have a copy in another region, or the run says which have none. */
import { expect, it } from 'vitest';
import type { KeyCopies } from '../../lib/ports/keys.ts';
import { copyKeys } from '../../lib/usecases/keys.ts';

const NAMES = Array.from({ length: 12 }, (_, i) => `secret-${i}`);

function copiesThat(ensure: KeyCopies['ensure']) {
  const asked: string[] = [];
  const copies: KeyCopies = {
    names: () => NAMES,
    ensure: async name => {
      asked.push(name);
      await ensure(name);
    },
  };
  return { copies, asked };
}

it('every secret is seen to', async () => {
  const { copies, asked } = copiesThat(async () => undefined);
  await copyKeys(copies, [], () => true);
  expect(new Set(asked)).toEqual(new Set(NAMES));
});

it('a copy that could not be made stops no other, and fails the run with its reason', async () => {
  const { copies, asked } = copiesThat(async name => {
    if (name === 'secret-0') throw new Error('secret-0 in eu-west-1: exists there');
  });
  await expect(copyKeys(copies, [], () => true)).rejects.toThrow(
    /^keys are without a copy: .*secret-0 in eu-west-1: exists there$/,
  );
  expect(asked).toHaveLength(NAMES.length);
});

it('a run whose time is over says how many are left', async () => {
  const { copies, asked } = copiesThat(async () => undefined);
  await expect(copyKeys(copies, [], () => asked.length < 5)).rejects.toThrow(
    /no time was left for the copies of \d secrets/,
  );
});
