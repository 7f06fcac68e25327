/** The two kinds of access and the actions that they stand for. */
import { describe, expect, it } from 'vitest';
import { actionsOf, EVERYTHING, NOTHING, PULL, PULL_AND_PUSH } from '../../lib/domain/access.ts';

describe('actionsOf', () => {
  it('pull is pull alone', () => expect([...actionsOf('pull')]).toEqual(['pull']));
  it('push is pull and push', () => expect([...actionsOf('push')]).toEqual(['pull', 'push']));
  it('no access deletes', () => {
    expect(actionsOf('pull').has('delete') || actionsOf('push').has('delete')).toBe(false);
  });
});

it('each set of actions holds the one before', () => {
  expect([NOTHING, PULL, PULL_AND_PUSH, EVERYTHING].map(set => [...set].join())).toEqual([
    '',
    'pull',
    'pull,push',
    'delete,pull,push',
  ]);
});
