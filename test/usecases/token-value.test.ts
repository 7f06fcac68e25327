/** A value that is made again is the value that was issued, or none. */
import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import { addToken } from '../../lib/usecases/issue-token.ts';
import { retrieveValue } from '../../lib/usecases/manage-tokens.ts';
import { rederiveValue } from '../../lib/usecases/secret-values.ts';
import { rejectionOf } from '../support/errors.ts';
import { actorOf, worldOn } from '../support/memory-ports.ts';

const TOKEN = {
  access: 'pull',
  repositories: null,
  description: '',
  expiresInSeconds: 60,
  retrievable: true,
} as const;

it('is never one that another key gives under the name of the first', async () => {
  const { tokens } = worldOn();
  const { record } = await addToken(tokens, { actor: actorOf(), token: TOKEN, idempotencyKey: undefined });
  const derivation = {
    ...tokens.derivation,
    derive: async (_: string, message: Uint8Array) =>
      createHmac('sha256', 'another').update(message).digest(),
  };
  await expect(retrieveValue({ ...tokens, derivation }, actorOf(), record.id)).rejects.toThrow(
    `the derivation key k1 is not the one that token ${record.id} was made with`,
  );
});

it('is none where it was random', async () => {
  const { tokens } = worldOn();
  const token = { ...TOKEN, retrievable: false };
  const { record } = await addToken(tokens, { actor: actorOf(), token, idempotencyKey: undefined });
  expect((await rejectionOf(rederiveValue(tokens, record))).code).toBe('not-retrievable');
});

it('is the one that was issued, also when new tokens are made with another key', async () => {
  const { tokens } = worldOn();
  const { record, value } = await addToken(tokens, {
    actor: actorOf(),
    token: TOKEN,
    idempotencyKey: undefined,
  });
  const derivation = { ...tokens.derivation, currentKey: 'k2' };
  const again = await retrieveValue({ ...tokens, derivation }, actorOf(), record.id);
  expect(again.reveal()).toBe(value.reveal());
});
