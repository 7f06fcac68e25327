/** docs/logs.md, held against what a deployment writes: every event with its fields. */
import { beforeAll, describe, expect, it } from 'vitest';
import { DENIALS } from '../lib/domain/errors.ts';
import { COUNTS, OBSERVATIONS } from '../lib/ports/system.ts';
import { EVENTS, QUESTIONS, rowsBelow } from './support/log-document.ts';
import { writeEveryEvent } from './support/log-scenario.ts';
import { type LogEvent, linesOf } from './support/logs.ts';

/** What every event has. */
const COMMON = ['level', 'message', 'timestamp', 'service', 'sampling_rate'];
/** The members of figures, which the line of an event has where a stage is set. */
const FIGURES: ReadonlySet<string> = new Set([
  '_aws',
  'Stage',
  'Reason',
  ...COUNTS,
  ...Object.keys(OBSERVATIONS),
]);
/** Fields of callers that are not among these: AWS's, which the tests of audit records have. */
const NOT_HERE: Readonly<Record<string, readonly string[]>> = { act: ['uniqueId'] };

let events: LogEvent[];
beforeAll(async () => {
  events = linesOf(await writeEveryEvent());
});

describe('docs/logs.md', () => {
  it('has every event that is written, and no other', () => {
    expect(new Set(events.map(({ message }) => message))).toEqual(new Set(EVENTS.keys()));
  });

  it.each([...EVENTS])('has the fields of %s, and no others', (name, documented) => {
    const seen = new Set(
      events.filter(({ message }) => message === name).flatMap(event => Object.keys(event)),
    );
    const fields = [...seen].filter(member => !FIGURES.has(member));
    expect(new Set([...fields, ...(NOT_HERE[name] ?? [])])).toEqual(new Set([...COMMON, ...documented]));
  });

  it('has every act', () => {
    const [, acts = []] = rowsBelow('| field |').find(([names]) => names?.includes('act')) ?? [];
    const done = events.filter(({ message }) => message === 'act').map(({ act }) => String(act));
    expect(done.length).toBeGreaterThan(9);
    expect(acts).toEqual(expect.arrayContaining(done));
  });

  it('has every figure, with its unit, and every reason of a denial', () => {
    const figures = rowsBelow('| metric |').flatMap(([names = []]) => names);
    expect(new Set(figures)).toEqual(new Set([...COUNTS, ...Object.keys(OBSERVATIONS)]));
    const reasons = rowsBelow('| `Reason`').flatMap(([names = []]) => names);
    expect(new Set(reasons)).toEqual(new Set(DENIALS));
  });
});

/** The words of a query that are not names of fields. */
const SYNTAX =
  /"[^"]*"|\b(?:filter|sort|limit|display|stats|count|as|by|bin|and|or|in|asc|desc|ispresent|\d\w*)\b/g;

describe('the queries of Logs Insights', () => {
  it.each([...QUESTIONS])('name only fields that there are: %s', (_, blocks) => {
    const queries = blocks.filter(({ language }) => language === '');
    expect(queries.length).toBeGreaterThan(0);
    const fields = new Set([...EVENTS.values()].flatMap(names => [...names]));
    const names = [...fields, ...COMMON, ...COUNTS, ...Object.keys(OBSERVATIONS), '@timestamp'];
    for (const { text } of queries) {
      const aliases = [...text.matchAll(/ as (\w+)/g)].map(([, alias]) => alias);
      const used = text.replaceAll(SYNTAX, ' ').match(/@?[A-Za-z]\w*/g) ?? [];
      expect(used.length).toBeGreaterThan(0);
      expect([...names, ...aliases]).toEqual(expect.arrayContaining(used));
    }
  });
});
