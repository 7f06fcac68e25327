/** How many failed authentications of an address pass, and when the next one does. */
import { describe, expect, it } from 'vitest';
import { failureLimiter } from '../../lib/limits/failure-limiter.ts';

const NOW_MS = 1_790_000_000_000;

/** How many of `count` failures at once are within bounds. */
function passing(fail: () => number | undefined, count: number): number {
  return Array.from({ length: count }, fail).filter(wait => wait === undefined).length;
}

describe('the limit of failures', () => {
  it('lets so many pass at once, and then says how long to wait for the next', () => {
    const limiter = failureLimiter(60);
    expect(passing(() => limiter('192.0.2.1', NOW_MS), 100)).toBe(60);
    expect(limiter('192.0.2.1', NOW_MS)).toBeCloseTo(1, 3);
    expect(limiter('192.0.2.1', NOW_MS + 400)).toBeCloseTo(0.6, 3);
  });

  it('lets the next pass after the wait that it named, and not before', () => {
    const limiter = failureLimiter(7);
    passing(() => limiter('192.0.2.1', NOW_MS), 7);
    const wait = Math.ceil((limiter('192.0.2.1', NOW_MS) ?? 0) * 1000);
    expect(limiter('192.0.2.1', NOW_MS + wait - 1)).toBeDefined();
    expect(limiter('192.0.2.1', NOW_MS + wait)).toBeUndefined();
    expect(limiter('192.0.2.1', NOW_MS + wait)).toBeDefined();
  });

  it('lets as many pass in each minute, and never saves up more than one minute', () => {
    const limiter = failureLimiter(60);
    let passed = 0;
    for (let second = 0; second < 600; second++) {
      passed += passing(() => limiter('192.0.2.1', NOW_MS + second * 1000), 5);
    }
    expect(passed).toBeGreaterThanOrEqual(60 + 598);
    expect(passed).toBeLessThanOrEqual(60 + 600);
    expect(passing(() => limiter('192.0.2.1', NOW_MS + 10_000_000), 100)).toBe(60);
  });

  it('lets nothing more pass because a clock is set back', () => {
    const limiter = failureLimiter(3);
    passing(() => limiter('192.0.2.1', NOW_MS), 3);
    expect(limiter('192.0.2.1', NOW_MS - 3_600_000)).toBeDefined();
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
    ['loopback and another', '::1', '2001:db8::1', false],
  ])('takes %s for what they are', (_, first, second, same) => {
    const limiter = failureLimiter(1);
    limiter(first, NOW_MS);
    expect(limiter(second, NOW_MS) !== undefined).toBe(same);
  });

  it('remembers ten thousand sources, and forgets the one that failed longest ago', () => {
    const limiter = failureLimiter(1);
    const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
    for (let i = 0; i < 10_001; i++) limiter(address(i), NOW_MS);
    expect(limiter(address(1), NOW_MS)).toBeDefined();
    expect(limiter(address(0), NOW_MS)).toBeUndefined();
    expect(limiter(address(10_000), NOW_MS)).toBeDefined();
  });
});
