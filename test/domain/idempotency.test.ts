/** Replays: every state of the first attempt and of the token, and what a repetition may do. */
import { describe, expect, it } from 'vitest';
import {
  decideReplay,
  formatIssuanceId,
  IDEMPOTENCY_SECONDS,
  type IdempotencyRecord,
  requestKeyIn,
} from '../../lib/domain/idempotency.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';

const NOW = 1_795_244_400;

function first(state: 'pending' | 'done', generation: number): IdempotencyRecord {
  const [key, payload, tokenId] = ['k', 'p', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f'];
  return { key, payload, tokenId, generation, write: 'write-1', state, createdAt: NOW - 10 };
}

const FRESH: TokenRecord = {
  account: 'ibm:acme',
  id: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
  hash: Buffer.alloc(32, 1),
  derivation: { key: 'v1', salt: Buffer.alloc(16) },
  generation: 1,
  issuanceId: 'write-1',
  access: 'pull',
  repositories: null,
  pullsPerDay: null,
  description: '',
  createdAt: NOW - 10,
  createdBy: 'ibm:alice',
  expiresAt: NOW + 1,
  disabled: null,
  lastUsedAt: null,
  previous: null,
  version: 1,
};

/** What may have become of the token: the record, and whether the value of `write-1` may be shown. */
const BECAME: Record<string, [Partial<TokenRecord>, shown: boolean]> = {
  'as it was made': [{}, true],
  'never expiring': [{ expiresAt: null }, true],
  'changed by an administrator': [{ version: 9, description: 'new', access: 'push' }, true],
  expired: [{ expiresAt: NOW }, false],
  disabled: [{ disabled: { at: NOW - 1, by: 'ibm:alice' } }, false],
  'not retrievable': [{ derivation: null }, false],
};

describe('decideReplay, where the token still has the value of the first attempt', () => {
  const states = (['pending', 'done'] as const).flatMap(state =>
    [1, 2].map(generation => ({ state, generation })),
  );
  for (const { state, generation } of states) {
    it.each(Object.entries(BECAME))(
      `${state}, generation ${generation}: a token %s`,
      (_, [changes, shown]) => {
        const token = { ...FRESH, generation, ...changes };
        expect(decideReplay(first(state, generation), token, NOW)).toBe(shown ? 'replay' : 'reject');
      },
    );
  }
});

describe('decideReplay, where the token has another value, or there is none', () => {
  /** The generation of the token (0: no token), that of the request, and the state: only one kind of row goes on. */
  const rows = [0, 1, 2, 3].flatMap(present =>
    [1, 2, 3].flatMap(asked => (['pending', 'done'] as const).map(state => ({ present, asked, state }))),
  );
  it.each(rows)('generation $present now, $asked asked, $state', ({ present, asked, state }) => {
    const token = present === 0 ? undefined : { ...FRESH, generation: present, issuanceId: 'write-0' };
    const goesOn = state === 'pending' && present + 1 === asked;
    expect(decideReplay(first(state, asked), token, NOW)).toBe(goesOn ? 'execute' : 'reject');
  });
  it('a finished request never adds a removed token again', () => {
    expect(decideReplay(first('done', 1), undefined, NOW)).toBe('reject');
  });
  it('never shows the value of another write', () => {
    expect(decideReplay(first('done', 1), { ...FRESH, issuanceId: 'write-2' }, NOW)).toBe('reject');
  });
});

it('a key is remembered for a day', () => expect(IDEMPOTENCY_SECONDS).toBe(24 * 60 * 60));

describe('an issuance id', () => {
  it('names the key of its request', () => {
    expect(formatIssuanceId('random', 'key')).toBe('random.key');
    expect(requestKeyIn(formatIssuanceId('random', 'key'))).toBe('key');
  });
  it('of a request without a key names none', () => {
    expect(formatIssuanceId('random', undefined)).toBe('random');
    expect(requestKeyIn('random')).toBeUndefined();
  });
});
