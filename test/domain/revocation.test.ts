/** What is left after revocations: never more than before them, in any order in which they are replayed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WIDEST } from '../../lib/domain/account-rules.ts';
import type { Account } from '../../lib/domain/identifiers.ts';
import { decideRegistration, type NamespaceClaim, release } from '../../lib/domain/namespace.ts';
import { coveringPatterns } from '../../lib/domain/repository.ts';
import {
  CONTESTED,
  LEDGER_SECONDS,
  narrowClaim,
  narrowRules,
  narrowToken,
  type RemainingAccess,
  type Revocation,
  type RevocationEntry,
  remainingAccess,
  remainingRules,
  retainedUntil,
  subjectOf,
} from '../../lib/domain/revocation.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import {
  judge,
  patchToken,
  revokeToken,
  rotateToken,
  type TokenRecord,
} from '../../lib/domain/token-record.ts';
import { ACCOUNT, aClaim, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';

const REPOSITORIES = ['team/a', 'team/a/b', 'team/c', 'other/a'];
const PATTERNS = ['team/*', 'team/a', 'team/a/*', 'team/c', 'other/*'];
const TIMES = [NOW, NOW + 59, NOW + 60, NOW + 600, NOW + DAY_SECONDS, NOW + 400 * DAY_SECONDS];

/** The numbers of pulls in a day. */
const PULLS = [1, 5, 9];
const ADDRESSES = ['192.0.2.1', '192.0.2.129', '198.51.100.7', '2001:db8::1', '203.0.113.1'];
const NETWORKS = fc.option(
  fc.subarray(['192.0.2.0/24', '192.0.2.128/25', '198.51.100.7/32', '2001:db8::/32'], { minLength: 1 }),
);

/** Everything that the values allow, as one line each: value, time, and what it gives then. */
function rightsOf(record: TokenRecord, values: readonly Uint8Array[]): Set<string> {
  const rights = new Set<string>();
  for (const [index, value] of values.entries()) {
    for (const time of TIMES) {
      const from = ADDRESSES.filter(
        sourceAddress => judge(record, value, { now: time, sourceAddress }).usable,
      );
      if (from.length === 0) continue;
      if (record.selfRotate) rights.add(`${index} ${time} rotates itself`);
      for (const address of from) rights.add(`${index} ${time} from ${address}`);
      for (const name of REPOSITORIES) {
        if (!(record.repositories?.some(pattern => coveringPatterns(name).includes(pattern)) ?? true))
          continue;
        for (const action of record.access === 'push' ? ['pull', 'push'] : ['pull']) {
          for (const pull of PULLS.filter(number => number <= (record.pullsPerDay ?? number)))
            rights.add(`${index} ${time} ${name} ${action} ${pull}`);
        }
      }
    }
  }
  return rights;
}

type Change = (record: TokenRecord, values: Uint8Array[]) => TokenRecord;

const patch = fc
  .record(
    {
      access: fc.constantFrom('pull' as const, 'push' as const),
      repositories: fc.option(fc.subarray(PATTERNS, { minLength: 1 })),
      disabled: fc.boolean(),
      expiresAt: fc.constantFrom(null, ...TIMES.slice(2)),
      pullsPerDay: fc.constantFrom(null, 1, 5),
      networks: NETWORKS,
      selfRotate: fc.boolean(),
      description: fc.string(),
    },
    { requiredKeys: [] },
  )
  .map(
    (asked): Change =>
      record =>
        patchToken(record, asked, { now: NOW, by: 'dev:alice' }),
  );
const rotate = fc.tuple(fc.constantFrom(0, 60, 600), fc.uint8Array({ minLength: 32, maxLength: 32 })).map(
  ([grace, hash]): Change =>
    (record, values) => {
      values.push(hash);
      return rotateToken(
        record,
        { hash, derivation: null, issuanceId: 'x' },
        { graceSeconds: grace, now: NOW },
      );
    },
);
const revoke = fc.nat().map(
  (index): Change =>
    (record, values) =>
      revokeToken(record, values[index % values.length] ?? record.hash, { now: NOW, by: 'dev:alice' }) ??
      record,
);

/** The outcome of an act: it was done; another was faster; or unknown, because it broke off after its journal entry. */
type Fate = 'done' | 'lost';
const acts = fc.array(
  fc.record({
    change: fc.oneof(patch, rotate, revoke),
    fate: fc.constantFrom<Fate>('done', 'done', 'done', 'lost'),
  }),
  { maxLength: 12 },
);

interface Journaled {
  readonly version: number;
  readonly left: RemainingAccess;
}

/** Lives through the acts: every state that was true, what the ledger has of it, and all values there ever were. */
function live(first: TokenRecord, script: readonly { change: Change; fate: Fate }[]) {
  const states = [first];
  const values = [Buffer.from(first.hash) as Uint8Array];
  const ledger: Journaled[] = [];
  for (const { change, fate } of script) {
    const before = states.at(-1) ?? first;
    // A value whose issuance is unknown was given to no caller.
    const known = [...values];
    const after = change(before, values);
    if (after === before) continue;
    const left = remainingAccess(before, after);
    if (left !== undefined) ledger.push({ version: before.version, left });
    if (fate === 'done') states.push(after);
    else values.splice(0, values.length, ...known);
  }
  return { states, values, ledger };
}

const first = fc
  .record({
    access: fc.constantFrom('pull' as const, 'push' as const),
    repositories: fc.option(fc.subarray(PATTERNS, { minLength: 1 })),
    expiresAt: fc.constantFrom(null, ...TIMES.slice(2)),
    pullsPerDay: fc.constantFrom(null, 1, 5),
    networks: NETWORKS,
    selfRotate: fc.boolean(),
  })
  .map(facts => aToken({ ...facts, lastUsedAt: null }));

const replay = (record: TokenRecord, ledger: readonly Journaled[]) =>
  ledger.reduce((so, { version, left }) => narrowToken(so, version, left), record);
const isSubset = (some: Set<string>, others: Set<string>) => [...some].filter(right => !others.has(right));

describe('a restored token into which its revocations are replayed', () => {
  it('allows no more than the copy and the original, in any order of entries', () => {
    let bites = 0;
    fc.assert(
      fc.property(first, acts, fc.nat(), fc.infiniteStream(fc.nat()), (record, script, at, chance) => {
        const { states, values, ledger } = live(record, script);
        const copy = states[at % states.length] ?? record;
        const last = states.at(-1) ?? record;
        const told = ledger
          .map(entry => ({ entry, place: Number(chance.next().value) }))
          .sort((a, b) => a.place - b.place)
          .map(({ entry }) => entry);
        const truth = rightsOf(last, values);
        if (isSubset(rightsOf(copy, values), truth).length > 0) bites++;
        for (const order of [ledger, told]) {
          const restored = replay(copy, order);
          const rights = rightsOf(restored, values);
          expect(isSubset(rights, truth)).toEqual([]);
          // A value is good after a restore only if it was in the copy, or is the one that was issued last.
          const fresh = rightsOf({ ...copy, hash: last.hash, previous: last.previous }, values);
          expect(isSubset(rights, new Set([...rightsOf(copy, values), ...fresh]))).toEqual([]);
          expect(replay(restored, order)).toEqual(restored);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(bites).toBeGreaterThan(400);
  });

  it('does not change when nothing was revoked', () => {
    fc.assert(
      fc.property(first, acts, (record, script) => {
        const { states, ledger } = live(record, script);
        const last = states.at(-1) ?? record;
        const { version: _, ...kept } = replay(
          last,
          ledger.filter(({ version }) => version < last.version),
        );
        expect(kept).toEqual((({ version: __, ...rest }) => rest)(last));
      }),
    );
  });

  it('gets the value of the last rotation, which can never be derived again', () => {
    const copy = aToken();
    const second = rotateToken(
      copy,
      { hash: Buffer.alloc(32, 2), derivation: copy.derivation, issuanceId: 'b' },
      { graceSeconds: 0, now: NOW },
    );
    const third = rotateToken(
      second,
      { hash: Buffer.alloc(32, 3), derivation: copy.derivation, issuanceId: 'c' },
      { graceSeconds: 60, now: NOW },
    );
    const ledger = [
      { version: 1, left: remainingAccess(copy, second) as RemainingAccess },
      { version: 2, left: remainingAccess(second, third) as RemainingAccess },
    ];
    expect(replay(copy, ledger)).toMatchObject({
      generation: 3,
      hash: third.hash,
      previous: { hash: second.hash, expiresAt: NOW + 60 },
      derivation: null,
      issuanceId: 'c',
    });
  });

  it('gets the value that later entries name, after two rotations from one version', () => {
    const copy = aToken();
    const issue = (byte: number) => ({
      hash: Buffer.alloc(32, byte),
      derivation: null,
      issuanceId: `${byte}`,
    });
    const [lost, won] = [
      rotateToken(copy, issue(1), { graceSeconds: 0, now: NOW }),
      rotateToken(copy, issue(2), { graceSeconds: 0, now: NOW }),
    ];
    const after = patchToken(won, { access: 'pull', disabled: true }, { now: NOW, by: 'dev:alice' });
    const ledger = [
      { version: 1, left: remainingAccess(copy, lost) as RemainingAccess },
      { version: 1, left: remainingAccess(copy, won) as RemainingAccess },
      { version: 2, left: remainingAccess(won, after) as RemainingAccess },
    ];
    expect(replay(copy, ledger)).toMatchObject({ hash: won.hash, generation: 2, version: 2 });
  });
});

describe('a token that two acts began with', () => {
  const copy = aToken({ access: 'push' });
  const issue = (byte: number) => ({ hash: Buffer.alloc(32, byte), derivation: null, issuanceId: `${byte}` });
  const left = (after: TokenRecord) => ({
    version: 1,
    left: remainingAccess(copy, after) as RemainingAccess,
  });
  const rotated = (byte: number, grace: number) =>
    left(rotateToken(copy, issue(byte), { graceSeconds: grace, now: NOW }));

  it.each([
    [60, 600, NOW + 60],
    [600, 60, NOW + 60],
    [60, 60, NOW + 60],
  ])('lets the value before work for the shorter of the graces %d and %d', (one, other, expiresAt) => {
    const restored = replay(copy, [rotated(1, one), rotated(2, other)]);
    expect(restored.previous).toEqual({ hash: copy.hash, expiresAt });
  });

  it.each([
    [0, 60],
    [60, 0],
  ])('lets it work no longer when there was none for one of them: %d and %d', (one, other) => {
    expect(replay(copy, [rotated(1, one), rotated(2, other)]).previous?.expiresAt).toBe(0);
  });

  it('gets its former value when a later entry names it, because the rotation failed', () => {
    const narrowed = patchToken(copy, { access: 'pull' }, { now: NOW, by: 'dev:alice' });
    const disabled = patchToken(narrowed, { disabled: true }, { now: NOW, by: 'dev:alice' });
    const later = { version: 2, left: remainingAccess(narrowed, disabled) as RemainingAccess };
    const restored = replay(copy, [left(narrowed), rotated(1, 0), later]);
    expect(restored).toMatchObject({ hash: copy.hash, generation: 1, access: 'pull', disabled: { at: NOW } });
  });
});

describe('a token into which known revocations are replayed', () => {
  const before = aToken({ access: 'push', repositories: ['team/*'] });
  const after = patchToken(before, { access: 'pull' }, { now: NOW, by: 'dev:alice' });
  const left = remainingAccess(before, after) as RemainingAccess;

  it('is the same object when nothing changes, so that nothing is written', () => {
    const once = narrowToken(before, 1, left);
    expect(once).not.toBe(before);
    expect(narrowToken(once, 1, left)).toBe(once);
    expect(narrowToken(after, 1, left)).toBe(after);
  });

  it('gets the version that the act began with, so that earlier entries are skipped', () => {
    expect(narrowToken(before, 7, left).version).toBe(7);
    expect(narrowToken({ ...before, access: 'pull' }, 7, left).version).toBe(7);
  });

  it.each([
    [null, NOW + 60],
    [NOW + 60, null],
    [NOW + 60, NOW + 600],
    [NOW + 600, NOW + 60],
  ])('ends at the earlier of %s and %s', (one, other) => {
    const restored = narrowToken({ ...before, expiresAt: one }, 1, { ...left, expiresAt: other });
    expect(restored.expiresAt).toBe(NOW + 60);
  });

  it('keeps its derivation as long as it keeps its value', () => {
    expect(narrowToken(before, 1, left).derivation).toBe(before.derivation);
    expect(narrowToken(before, 5, left).derivation).toBe(before.derivation);
    expect(narrowToken(before, 1, { ...left, generation: 2, hash: Buffer.alloc(32) }).derivation).toBeNull();
  });
});

describe('the grace of a value, of two acts that began with one version', () => {
  const graceOf = (expiresAt: number | null) =>
    expiresAt === null ? null : { hash: Buffer.alloc(32, 9), expiresAt };
  const replayed = (one: number | null, other: number | null) => {
    const copy = aToken({ previous: graceOf(one) });
    return narrowToken(copy, 1, { ...copy, previous: graceOf(other) }).previous?.expiresAt ?? null;
  };

  it.each([
    [NOW + 60, NOW + 600, NOW + 60],
    [NOW + 600, NOW + 60, NOW + 60],
    [null, NOW + 60, null],
    [NOW + 60, null, null],
    [null, null, null],
  ])('is the shorter of %s and %s', (one, other, grace) => {
    expect(replayed(one, other)).toBe(grace);
  });
});

describe('rules into which known acts are replayed', () => {
  const narrow = { ...WIDEST, maxExpiresInSeconds: 3600, requireOwner: true };
  const short = { ...WIDEST, maxExpiresInSeconds: 600 };
  const entry = (version: number, left = narrow) =>
    ({ act: 'narrow-rules', account: ACCOUNT, version, left }) as const;
  const record = { account: ACCOUNT, rules: short, version: 5 };

  it('are those of the entry where the table has lost them', () => {
    expect(narrowRules(undefined, entry(3))).toEqual({ account: ACCOUNT, rules: narrow, version: 3 });
  });

  it.each([
    ['is as it was after an act that began with an earlier version', entry(4), false],
    ['is as it was where the act is in it', entry(5, WIDEST), false],
    ['allows what both allow after an act that began with its version', entry(5), true],
    ['allows what both allow after an act that began with a later version', entry(6), true],
    ['has the later version also where nothing else changes', entry(6, WIDEST), true],
  ])('the record %s', (_, act, changes) => {
    const both = { ...short, requireOwner: act.left.requireOwner };
    const narrowed = narrowRules(record, act);
    expect(narrowed === record).toBe(!changes);
    if (changes) expect(narrowed).toEqual({ account: ACCOUNT, rules: both, version: act.version });
  });

  it('the ledger gets what both rules allow, and nothing where the act forbids nothing', () => {
    expect(remainingRules(short, narrow)).toEqual({ ...short, requireOwner: true });
    expect(remainingRules(WIDEST, short)).toEqual(short);
    expect(remainingRules(narrow, WIDEST)).toBeUndefined();
    expect(remainingRules(short, short)).toBeUndefined();
  });
});

it('entries about one thing have one name', () => {
  const token = { account: ACCOUNT, id: 'id', version: 1 } as const;
  const left = remainingAccess(aToken(), { ...aToken(), generation: 2 }) as RemainingAccess;
  const losses: Revocation[] = [
    { act: 'narrow-token', token, left },
    { act: 'remove-token', token: { ...token, version: 2 } },
    { act: 'write-claim', claim: aClaim() },
    { act: 'remove-policy', account: ACCOUNT, rule: 'p' },
    { act: 'remove-trust', account: ACCOUNT, rule: 't' },
    { act: 'narrow-rules', account: ACCOUNT, version: 1, left: WIDEST },
    { act: 'end-credential', handle: 'h', jti: 'j', expiresAt: 1 },
    { act: 'spend-proof', mark: 'm', expiresAt: 1 },
  ];
  expect(losses.map(subjectOf)).toEqual(['id', 'id', 'team-a', 'p', 't', ACCOUNT, 'j', 'm']);
});

describe('the ledger gets', () => {
  const before = aToken({
    access: 'push',
    repositories: ['team/*'],
    pullsPerDay: 5,
    networks: ['192.0.2.0/24', '2001:db8::/32'],
    selfRotate: true,
    previous: { hash: Buffer.alloc(32), expiresAt: NOW + 9 },
  });
  const patched = (change: Parameters<typeof patchToken>[1]) =>
    patchToken(before, change, { now: NOW, by: 'dev:bob' });

  it.each([
    ['less access', { access: 'pull' }],
    ['fewer repositories', { repositories: ['team/a'] }],
    ['other repositories', { repositories: ['other/*'] }],
    ['an earlier end', { expiresAt: NOW + 60 }],
    ['disabling', { disabled: true }],
    ['a limit of pulls, or a lower one', { pullsPerDay: 4 }],
    ['fewer networks', { networks: ['192.0.2.0/24'] }],
    ['other networks', { networks: ['198.51.100.0/24', '203.0.113.0/24'] }],
    ['no rotation by the holder', { selfRotate: false }],
  ] as const)('%s', (_, change) => expect(remainingAccess(before, patched(change))).toBeDefined());

  it('fewer repositories, named by as many patterns', () => {
    const both = { ...before, repositories: ['team/*', 'other/*'] };
    const fewer = patchToken(both, { repositories: ['team/*', 'other/a'] }, { now: NOW, by: 'dev:bob' });
    expect(remainingAccess(both, fewer)).toMatchObject({ repositories: ['team/*', 'other/a'] });
  });

  it('a value that ends, or a grace', () => {
    expect(remainingAccess(before, { ...before, previous: null, version: 2 })).toMatchObject({
      previous: null,
    });
    expect(remainingAccess(before, { ...before, generation: 2, hash: Buffer.alloc(32, 1) })).toBeDefined();
  });

  it.each([
    ['more access', { access: 'push' }],
    ['more repositories', { repositories: ['team/*', 'other/*'] }],
    ['all repositories', { repositories: null }],
    ['a later end', { expiresAt: NOW + 99 * DAY_SECONDS }],
    ['no end', { expiresAt: null }],
    ['enabling', { disabled: false }],
    ['another description', { description: 'x' }],
    ['more pulls', { pullsPerDay: 6 }],
    ['any number of pulls', { pullsPerDay: null }],
    ['any network', { networks: null }],
    ['other labels', { labels: { team: 'x' }, owner: 'x' }],
  ] as const)('nothing, for %s', (_, change) =>
    expect(remainingAccess(before, patched(change))).toBeUndefined(),
  );

  it('nothing when a disabled token, or one without grace period, is renamed', () => {
    for (const facts of [{ disabled: { at: NOW, by: 'dev:al' } }, { previous: null }] as const) {
      const token = { ...before, ...facts };
      expect(
        remainingAccess(token, patchToken(token, { description: 'x' }, { now: NOW, by: 'dev:bob' })),
      ).toBeUndefined();
    }
  });

  it('nothing that the act allows in addition', () => {
    const disabled = patched({ disabled: true });
    const mixed = patchToken(
      disabled,
      { disabled: false, access: 'pull', expiresAt: null },
      { now: NOW, by: 'dev:bob' },
    );
    expect(remainingAccess(disabled, mixed)).toMatchObject({
      access: 'pull',
      disabled: disabled.disabled,
      expiresAt: before.expiresAt,
    });
  });

  it('no secret, and nothing that one could be derived from', () => {
    const rotated = rotateToken(before, { ...aToken(), issuanceId: 'b' }, { graceSeconds: 60, now: NOW });
    const members = new Set(Object.keys(remainingAccess(before, rotated) ?? {}));
    expect(members).toEqual(
      new Set([
        'access',
        'disabled',
        'expiresAt',
        'generation',
        'hash',
        'issuanceId',
        'networks',
        'previous',
        'pullsPerDay',
        'repositories',
        'selfRotate',
      ]),
    );
  });
});

describe('a restored claim into which later ones are replayed', () => {
  const held = aClaim({ epoch: 2 });
  const released = aClaim({ epoch: 2, state: 'released' });
  const theirs = aClaim({ epoch: 3, account: OTHER_ACCOUNT });

  it.each([
    ['is released where it was', held, released, released],
    ['stays where it is newer', aClaim({ epoch: 3 }), released, aClaim({ epoch: 3 })],
    ['stays with who holds it', held, held, held],
    ['stays released', released, held, released],
    ['is reserved to the account that got it since', held, theirs, { ...theirs, state: 'released' }],
    ['that the table has lost is reserved to its owner', undefined, theirs, { ...theirs, state: 'released' }],
    ['stays with who was the faster one', theirs, { ...theirs, account: ACCOUNT }, theirs],
    [
      'belongs to no account where it is unknown which write was first',
      { ...theirs, state: 'released' },
      { ...theirs, account: ACCOUNT },
      { ...theirs, account: CONTESTED, state: 'released' },
    ],
  ] as const)('%s', (_, claim, known, expected) => {
    expect(narrowClaim(claim, known)).toEqual(expected);
    expect(narrowClaim(narrowClaim(claim, known), known)).toEqual(expected);
  });

  it('is the same one where nothing changes, so that nothing is written', () => {
    const contested = { ...theirs, account: CONTESTED, state: 'released' } as const;
    for (const [claim, known] of [
      [held, { ...held }],
      [released, held],
      [released, { ...released }],
      [theirs, held],
      [theirs, { ...theirs, account: ACCOUNT }],
      [contested, theirs],
    ] as const) {
      expect(narrowClaim(claim, known)).toBe(claim);
    }
  });

  it('is contested when two accounts registered it at once', () => {
    expect(CONTESTED).toMatch(/^[a-z]+:[a-z]+$/);
    expect(
      decideRegistration(
        { name: 'team-a', account: ACCOUNT },
        { ...theirs, account: CONTESTED, state: 'released' },
        'open',
      ).kind,
    ).toBe('taken');
  });

  const ACCOUNTS = [ACCOUNT, OTHER_ACCOUNT, 'dev:third'] as const;
  /** The operator gives released names to every account, so that names change hands. */
  const RULES = ACCOUNTS.map(account => ({ account, pattern: 'team-a' }));
  const deeds = fc.array(
    fc.record({ account: fc.constantFrom(...ACCOUNTS), fate: fc.constantFrom<Fate>('done', 'done', 'lost') }),
    { maxLength: 10 },
  );

  /** Each deed registers the name, or releases it where the account holds it. */
  function hold(script: readonly { account: Account; fate: Fate }[]) {
    const states: (NamespaceClaim | undefined)[] = [undefined];
    const ledger: NamespaceClaim[] = [];
    for (const { account, fate } of script) {
      const before = states.at(-1);
      const decision = decideRegistration({ name: 'team-a', account }, before, RULES);
      const isHeld = decision.kind === 'already-held' && before !== undefined;
      const after = isHeld ? release(before) : decision.kind === 'claim' ? decision.claim : undefined;
      if (after === undefined) continue;
      ledger.push(after);
      if (fate === 'done') states.push(after);
    }
    return { states, ledger };
  }

  it('is never held by, or free for, an account that did not own it, in any order of entries', () => {
    fc.assert(
      fc.property(deeds, fc.nat(), fc.infiniteStream(fc.nat()), (script, at, chance) => {
        const { states, ledger } = hold(script);
        const [copy, truth] = [states[at % states.length], states.at(-1)];
        const told = ledger
          .map(known => ({ known, place: Number(chance.next().value) }))
          .sort((a, b) => a.place - b.place)
          .map(({ known }) => known);
        for (const order of [ledger, told]) {
          const restored = order.reduce<NamespaceClaim | undefined>(narrowClaim, copy);
          const again = order.reduce<NamespaceClaim | undefined>(narrowClaim, restored);
          expect([restored, { ...restored, account: CONTESTED }]).toContainEqual(again);
          expect(order.reduce<NamespaceClaim | undefined>(narrowClaim, again)).toEqual(again);
          if (restored?.state === 'held') expect(restored).toEqual(truth);
          for (const account of ACCOUNTS) {
            const isOpenTo = (claim: NamespaceClaim | undefined) =>
              decideRegistration({ name: 'team-a', account }, claim, 'open').kind !== 'taken';
            // Whom the operator has let have it, and whose registration broke off, may come back for it.
            const epoch = truth?.epoch ?? 0;
            const isLate = ledger.some(known => known.account === account && known.epoch > epoch);
            const mayHave = isOpenTo(truth) || (isLate && truth?.state === 'released');
            if (isOpenTo(restored)) expect([mayHave, account]).toEqual([true, account]);
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('an entry is kept', () => {
  const entry = { id: aToken().id, at: NOW * 1000, act: 'end-credential', handle: 'h', jti: 'j' } as const;
  it.each<[string, RevocationEntry, number]>([
    ['until what it ends would have ended', { ...entry, expiresAt: NOW + 60 }, NOW + 60],
    ['for 36 days at most', { ...entry, expiresAt: NOW + 99 * DAY_SECONDS }, NOW + LEDGER_SECONDS],
    ['for 36 days', { ...entry, act: 'write-claim', claim: aClaim() }, NOW + 36 * DAY_SECONDS],
  ])('%s', (_, kept, until) => expect(retainedUntil(kept)).toBe(until));
});
