/** The runbook has a section for each alarm of a deployment, and none for an alarm that is gone. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { alarmResources } from '../../infra/alarms.ts';

const RUNBOOK = readFileSync('docs/runbook.md', 'utf8');
const PREFIX = 'pullpass-STAGE-';
const CONCURRENCY = { loginConcurrency: 400, accountConcurrency: 1000 };

/** The alarms that every function has are described once, for a function named Function; the registry proxy and the prober bring some of their own. */
function alarmNames(): string[] {
  return Object.values(alarmResources(['function', 'registry', 'prober'], 'STAGE', CONCURRENCY))
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties }) =>
      String(Properties.AlarmName)
        .replace(PREFIX, '')
        .replace(/^Function/, '<Function>'),
    )
    .filter(name => !/^(?:Registry|Prober)(?:Fails|Throttled|Limit)/.test(name));
}

it('docs/runbook.md has a section for each alarm, and no other', () => {
  const sections = [...RUNBOOK.matchAll(/^### (.+)$/gm)].map(([, name]) => name);
  expect(new Set(sections)).toEqual(new Set(alarmNames()));
  expect(sections).toHaveLength(alarmNames().length);
});

it('each section of docs/runbook.md says what the alarm means, and what to do', () => {
  for (const section of RUNBOOK.split(/^### /m).slice(1)) {
    expect(section).toMatch(/\*\*It means:\*\* \w/);
    expect(section).toMatch(/\*\*(Look|Do|Look and do):\*\* \w|\| do \|/);
  }
});
