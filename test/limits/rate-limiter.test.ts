/** How often something may be done, how long it may take in a minute, and when there is room again. */
import { describe, expect, it } from 'vitest';
import { failureLimiter, TimeBudget } from '../../lib/limits/rate-limiter.ts';

const NOW_MS = 1_790_000_000_000;

/** How many of `count` failures at once are within bounds. */
function passing(fail: () => number | undefined, count: number): number {
  return Array.from({ length: count }, fail).filter(wait => wait === undefined).length;
}

describe('the limit of failures', () => {
  it('lets so many pass at once, and then says how long to wait for the next', () => {
    const limiter = failureLimiter(60);
    expect(passing(() => limiter.fail('192.0.2.1', NOW_MS), 100)).toBe(60);
    expect(limiter.fail('192.0.2.1', NOW_MS)).toBeCloseTo(1, 3);
    expect(limiter.fail('192.0.2.1', NOW_MS + 400)).toBeCloseTo(0.6, 3);
  });

  it('lets the next pass after the wait that it named, and not before', () => {
    const limiter = failureLimiter(7);
    passing(() => limiter.fail('192.0.2.1', NOW_MS), 7);
    const wait = Math.ceil((limiter.fail('192.0.2.1', NOW_MS) ?? 0) * 1000);
    expect(limiter.fail('192.0.2.1', NOW_MS + wait - 1)).toBeDefined();
    expect(limiter.fail('192.0.2.1', NOW_MS + wait)).toBeUndefined();
    expect(limiter.fail('192.0.2.1', NOW_MS + wait)).toBeDefined();
  });

  it('lets as many pass in each minute, and never saves up more than one minute', () => {
    const limiter = failureLimiter(60);
    let passed = 0;
    for (let second = 0; second < 600; second++) {
      passed += passing(() => limiter.fail('192.0.2.1', NOW_MS + second * 1000), 5);
    }
    expect(passed).toBeGreaterThanOrEqual(60 + 598);
    expect(passed).toBeLessThanOrEqual(60 + 600);
    expect(passing(() => limiter.fail('192.0.2.1', NOW_MS + 10_000_000), 100)).toBe(60);
  });

  it('lets nothing more pass because a clock is set back', () => {
    const limiter = failureLimiter(3);
    passing(() => limiter.fail('192.0.2.1', NOW_MS), 3);
    expect(limiter.fail('192.0.2.1', NOW_MS - 3_600_000)).toBeDefined();
  });

  it.each([
    ['two hosts', '192.0.2.1', '192.0.2.2', false],
    ['one host', '192.0.2.1', '192.0.2.1', true],
    ['one host, seen through IPv6', '192.0.2.1', '::ffff:192.0.2.1', true],
    ['two hosts, seen through IPv6', '::ffff:192.0.2.1', '::FFFF:192.0.2.2', false],
    ['two addresses of one /64', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:ffff::1', true],
    ['two addresses of one /64, one with zeros left out', '2001:db8:0:0:1::', '2001:db8::1', true],
    ['two /64', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['two /64 behind zeros that are left out', '2001::2:0:0:0:1', '2001::3:0:0:0:1', false],
    ['two addresses with zeros left out before the end', '2001:db8:1:2:3:4:5::', '2001:db8:1:2::', true],
    ['an IPv6 address in capitals and with leading zeros', '2001:db8::1', '2001:0DB8:0:0:FFFF::', true],
    ['an IPv4 address spelled as IPv6 in another way', '192.0.2.1', '::FFFF:C000:0201', true],
    ['two addresses that are not known', '', '', true],
    ['loopback and another', '::1', '2001:db8::1', false],
  ])('takes %s for what they are', (_, first, second, same) => {
    const limiter = failureLimiter(1);
    limiter.fail(first, NOW_MS);
    expect(limiter.fail(second, NOW_MS) !== undefined).toBe(same);
  });

  it('says how long a source has to wait, without counting that as a failure', () => {
    const limiter = failureLimiter(60);
    passing(() => limiter.fail('192.0.2.1', NOW_MS), 59);
    for (let i = 0; i < 3; i++) expect(limiter.waitOf('192.0.2.1', NOW_MS)).toBeUndefined();
    limiter.fail('192.0.2.1', NOW_MS);
    expect(limiter.waitOf('192.0.2.1', NOW_MS)).toBeCloseTo(1, 3);
    expect(limiter.waitOf('192.0.2.2', NOW_MS)).toBeUndefined();
  });

  it('makes no source wait longer because the clock was ahead and is set back', () => {
    const limiter = failureLimiter(60);
    const aheadMs = NOW_MS + 400 * 86_400_000;
    passing(() => limiter.fail('192.0.2.1', aheadMs), 60);
    expect(limiter.waitOf('192.0.2.1', NOW_MS)).toBeDefined();
    expect(limiter.waitOf('192.0.2.1', NOW_MS + 1000)).toBeUndefined();
  });
});

describe('too many sources', () => {
  const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

  it('do not push out one that has to wait', () => {
    const limiter = failureLimiter(1, 100);
    limiter.fail('192.0.2.1', NOW_MS);
    for (let i = 0; i < 1000; i++) limiter.fail(address(i), NOW_MS);
    expect(limiter.waitOf('192.0.2.1', NOW_MS)).toBeDefined();
  });

  it('share one bound, until there is room again', () => {
    const limiter = failureLimiter(1, 2);
    for (let i = 0; i < 3; i++) expect(limiter.fail(address(i), NOW_MS)).toBeUndefined();
    expect(limiter.fail(address(3), NOW_MS)).toBeDefined();
    expect(limiter.waitOf(address(4), NOW_MS)).toBeDefined();
    expect(limiter.fail(address(5), NOW_MS + 60_000)).toBeUndefined();
    expect(limiter.fail(address(6), NOW_MS + 60_000)).toBeUndefined();
  });

  it('are remembered up to ten thousand', () => {
    const limiter = failureLimiter(1);
    for (let i = 0; i < 10_001; i++) expect(limiter.fail(address(i), NOW_MS)).toBeUndefined();
    expect(limiter.fail(address(10_001), NOW_MS)).toBeDefined();
  });
});

describe('a budget of 15 s a minute', () => {
  it('is there at first, and gone when it was spent', () => {
    const budget = new TimeBudget(15_000);
    budget.consume(1000, 15_999);
    expect(budget.waitOf(15_999)).toBeUndefined();
    budget.consume(15_999, 30_999);
    expect(budget.waitOf(30_999)).toBeGreaterThan(0);
  });

  it('says when there is time again, and has some then', () => {
    const budget = new TimeBudget(15_000);
    budget.consume(0, 20_000);
    const wait = (budget.waitOf(20_000) ?? 0) * 1000;
    expect(wait).toBeCloseTo(20_004, 0);
    expect(budget.waitOf(20_000 + wait - 10)).toBeDefined();
    expect(budget.waitOf(20_000 + wait)).toBeUndefined();
  });

  it('never saves up more than one minute', () => {
    const budget = new TimeBudget(15_000);
    budget.consume(10_000_000, 10_015_001);
    expect(budget.waitOf(10_015_001)).toBeDefined();
  });

  it('leaves three quarters of any long time, however much is asked for', () => {
    const budget = new TimeBudget(15_000);
    let [now, spent] = [0, 0];
    while (now < 600_000) {
      if (budget.waitOf(now) === undefined) {
        budget.consume(now, now + 1500);
        [now, spent] = [now + 1500, spent + 1500];
      } else now += 100;
    }
    expect(spent).toBeGreaterThan(150_000);
    expect(spent).toBeLessThan(150_000 + 15_000 + 1500);
  });
});
