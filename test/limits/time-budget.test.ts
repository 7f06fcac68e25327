/** How much time something may take in a minute, and when there is some again. */
import { describe, expect, it } from 'vitest';
import { TimeBudget } from '../../lib/limits/time-budget.ts';

describe('a budget of 15 s a minute', () => {
  it('is there at first, and gone when it was spent', () => {
    const budget = new TimeBudget(15_000);
    budget.spend(1000, 15_999);
    expect(budget.waitOf(15_999)).toBeUndefined();
    budget.spend(15_999, 30_999);
    expect(budget.waitOf(30_999)).toBeGreaterThan(0);
  });

  it('says when there is time again, and has some then', () => {
    const budget = new TimeBudget(15_000);
    budget.spend(0, 20_000);
    const wait = (budget.waitOf(20_000) ?? 0) * 1000;
    expect(wait).toBeCloseTo(20_004, 0);
    expect(budget.waitOf(20_000 + wait - 10)).toBeDefined();
    expect(budget.waitOf(20_000 + wait)).toBeUndefined();
  });

  it('never saves up more than one minute', () => {
    const budget = new TimeBudget(15_000);
    budget.spend(10_000_000, 10_015_001);
    expect(budget.waitOf(10_015_001)).toBeDefined();
  });

  it('leaves three quarters of any long time, however much is asked for', () => {
    const budget = new TimeBudget(15_000);
    let [now, spent] = [0, 0];
    while (now < 600_000) {
      if (budget.waitOf(now) === undefined) {
        budget.spend(now, now + 1500);
        [now, spent] = [now + 1500, spent + 1500];
      } else now += 100;
    }
    expect(spent).toBeGreaterThan(150_000);
    expect(spent).toBeLessThan(150_000 + 15_000 + 1500);
  });
});
