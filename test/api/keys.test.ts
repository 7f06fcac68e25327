/** The events of the keys function: what each of them does, and that nothing else does anything. */
import { describe, expect, it } from 'vitest';
import { keyHandler, resourceResponse } from '../../lib/api/invocations.ts';
import type { CredentialKeyReport, RingReport } from '../../lib/ports/keys.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { KID, NOW, X5C } from '../signing/context.ts';

const SERVICES = [X5C, KID];
const RESPONSE_URL = 'https://b.s3.eu-central-1.amazonaws.com/a';
const REQUEST = {
  RequestType: 'Create',
  ResponseURL: RESPONSE_URL,
  StackId: 'arn:aws:cloudformation:eu-central-1:1:stack/pullpass-dev/1',
  RequestId: 'request-1',
  LogicalResourceId: 'Keys',
  ResourceType: 'Custom::Keys',
  ResourceProperties: { ServiceToken: 'arn' },
};
const IDS = {
  StackId: REQUEST.StackId,
  RequestId: 'request-1',
  LogicalResourceId: 'Keys',
  PhysicalResourceId: 'pullpass-keys',
};

/** A handler, and the acts that it was asked for, one line each. */
function keysFunction(failing: string[] = []) {
  const acts: string[] = [];
  const logs: { level: string; event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const answers: { url: string; body: Record<string, unknown> }[] = [];
  const ringAct = (act: string) => async (service: { name: string }, now: number) => {
    expect(now).toBe(NOW);
    acts.push(`${act} ${service.name}`);
    if (failing.includes(service.name)) throw new Error('no answer');
    const ends = service.name === X5C.name ? NOW + 60 : null;
    return { service: service.name, signs: 'kid', keyEndsAt: ends, rootEndsAt: ends } as RingReport;
  };
  const credentialAct = (act: string) => async () => {
    acts.push(`${act} credential`);
    if (failing.includes('credential')) throw new Error('no answer');
    return { current: 'k1' } as CredentialKeyReport;
  };
  const write = (level: string) => (event: string, fields: Readonly<Record<string, unknown>>) =>
    void logs.push({ level, event, fields });
  const log = { info: write('info'), warn: write('warn'), error: write('error') };
  const readings: [string, number][] = [];
  const handle = keyHandler({
    ports: {
      rings: { maintain: ringAct('maintain'), activate: ringAct('activate'), replace: ringAct('replace') },
      credentialKeys: { maintain: credentialAct('maintain'), rotate: credentialAct('rotate') },
      services: SERVICES,
      clock: () => NOW * 1000,
      metrics: { ...NO_METRICS, observe: (name, value) => void readings.push([name, value]) },
    },
    respond: async (url, body) => void answers.push({ url, body: JSON.parse(body) }),
    settle: async () => {
      acts.push('settle');
      return failing.includes('settle') ? Promise.reject(new Error('no answer')) : 'foreign';
    },
    log,
    metrics: NO_METRICS,
  });
  const handler = (event: unknown) => handle(event, { awsRequestId: 'run-1' });
  return { handler, acts, logs, answers, readings };
}

const ALL = [`maintain ${X5C.name}`, `maintain ${KID.name}`, 'maintain credential'];

describe('the keys function', () => {
  it.each<[string, unknown, string[]]>([
    ['its schedule', { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }, ALL],
    ['an operator who wants all that is due', { maintain: true }, ALL],
    ['one who activates a key', { activate: KID.name }, [`activate ${KID.name}`]],
    ['one who replaces keys', { replace: X5C.name }, [`replace ${X5C.name}`]],
    ['one who changes the credential key', { rotateCredentialKey: true }, ['rotate credential']],
  ])('does what is wanted by %s, answers what it did, and logs it', async (_, event, expected) => {
    const { handler, acts, logs } = keysFunction();
    const answer = (await handler(event)) as { rings: object[]; credentialKeys: object | null };
    expect(acts).toEqual(expected);
    expect(answer.rings).toHaveLength(expected.filter(act => !act.endsWith('credential')).length);
    expect(answer.credentialKeys !== null).toBe(expected.some(act => act.endsWith('credential')));
    const kept = logs.filter(({ event: name }) => name === 'keys-maintained').map(({ fields }) => fields);
    expect(kept.map(({ requestId, of }) => [requestId, of])).toEqual(
      expected.map(act => ['run-1', act.split(' ')[1]]),
    );
  });

  it.each<[unknown, object]>([
    [{ activate: KID.name }, { act: 'activate-keys', target: KID.name }],
    [{ replace: X5C.name }, { act: 'replace-keys', target: X5C.name }],
    [{ rotateCredentialKey: true }, { act: 'rotate-credential-key', target: 'credential' }],
  ])('logs what an operator does: %o', async (event, act) => {
    const { handler, logs } = keysFunction();
    await handler(event);
    expect(logs[0]).toEqual({
      level: 'info',
      event: 'act',
      fields: { requestId: 'run-1', subject: 'operator', ...act },
    });
  });

  it('says how long the certificates of each service last', async () => {
    const { handler, readings } = keysFunction();
    await handler({ maintain: true });
    expect(readings).toEqual([
      ['LeafSecondsLeft', 60],
      ['RootSecondsLeft', 60],
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a word', 'maintain'],
    ['a misspelt word', { activat: KID.name }],
    ['two wishes', { activate: KID.name, replace: KID.name }],
    ['a wish with something else', { replace: KID.name, force: true }],
    ['no service', { replace: '' }],
    ['all services', { replace: [KID.name] }],
    ['false', { rotateCredentialKey: false }],
    ['the event of another source', { source: 'aws.s3' }],
  ])('does nothing for %s', async (_, event) => {
    const { handler, acts } = keysFunction();
    await expect(handler(event)).rejects.toMatchObject({ code: 'invalid-request' });
    expect(acts).toEqual([]);
  });

  it.each(['activate', 'replace'])('does nothing for a service that it does not know: %s', async act => {
    const { handler, acts } = keysFunction();
    await expect(handler({ [act]: 'other.example' })).rejects.toMatchObject({ code: 'unknown-service' });
    expect(acts).toEqual([]);
  });

  it('keeps the other keys when those of one service cannot be kept, and fails in the end', async () => {
    const { handler, acts, logs } = keysFunction([X5C.name]);
    await expect(handler({ maintain: true })).rejects.toThrow(`the keys of ${X5C.name} could not be rotated`);
    expect(acts).toEqual(ALL);
    expect(logs.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        event: 'keys-not-maintained',
        fields: { requestId: 'run-1', of: X5C.name, reason: 'Error: no answer' },
      },
    ]);
  });
});

describe('a deployment', () => {
  it.each(['Create', 'Update'])(
    'waits for the keys and for the table, also for one that was restored: %s',
    async RequestType => {
      const { handler, acts, answers } = keysFunction();
      await handler({ ...REQUEST, RequestType });
      expect(acts).toEqual([...ALL, 'settle']);
      expect(answers).toEqual([{ url: RESPONSE_URL, body: { Status: 'SUCCESS', ...IDS } }]);
    },
  );

  it('that is taken down takes no key with it', async () => {
    const { handler, acts, answers } = keysFunction();
    await handler({ ...REQUEST, RequestType: 'Delete', PhysicalResourceId: 'other' });
    expect(acts).toEqual([]);
    const body = { Status: 'SUCCESS', ...IDS, PhysicalResourceId: 'other' };
    expect(answers).toEqual([{ url: RESPONSE_URL, body }]);
  });

  it('hears of a failure, and why, in few words', async () => {
    const { handler, answers } = keysFunction([KID.name, 'credential']);
    await handler(REQUEST);
    const Reason = `Error: the keys of ${KID.name}, credential could not be rotated`;
    expect(answers).toEqual([{ url: RESPONSE_URL, body: { Status: 'FAILED', Reason, ...IDS } }]);
  });

  it('gets an error when it is not known which ledger the table belongs to', async () => {
    const { handler, answers } = keysFunction(['settle']);
    await handler(REQUEST);
    const body = { Status: 'FAILED', Reason: 'Error: no answer', ...IDS };
    expect(answers).toEqual([{ url: RESPONSE_URL, body }]);
  });

  it('hears no more than fits into an answer', () => {
    const { Reason } = JSON.parse(resourceResponse({ ...REQUEST, RequestType: 'Create' }, 'x'.repeat(9999)));
    expect(Reason).toHaveLength(512);
  });

  it.each([
    { ...REQUEST, RequestType: 'Destroy' },
    { ...REQUEST, ResponseURL: undefined },
    { ...REQUEST, StackId: 7 },
  ])('that is not whole is not answered', async event => {
    const { handler, acts, answers } = keysFunction();
    await expect(handler(event)).rejects.toThrow();
    expect([acts, answers]).toEqual([[], []]);
  });
});
