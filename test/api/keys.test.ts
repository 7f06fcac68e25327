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
function keysFunction(failing: string[] = [], denial?: Error) {
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
    if (denial !== undefined) throw denial;
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
      retirement: { retire: async () => [] },
      services: SERVICES,
      clock: () => NOW * 1000,
      metrics: { ...NO_METRICS, observe: (name, value) => void readings.push([name, value]) },
    },
    respond: async (url, body) => void answers.push({ url, body: JSON.parse(body) }),
    initialise: async () => {
      acts.push('initialise');
      return failing.includes('initialise') ? Promise.reject(new Error('no answer')) : 'foreign';
    },
    attest: async () => {
      acts.push('attest');
      if (failing.includes('attest')) throw new Error('no answer');
    },
    copy: async () => {
      acts.push('copy');
      if (failing.includes('copy')) throw new Error('no answer');
    },
    log,
    metrics: NO_METRICS,
  });
  const invocation = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 300_000 };
  const handler = (event: unknown) => handle(event, invocation);
  return { handler, acts, logs, answers, readings };
}

/** Sorted: services are worked on at once, and each hour another one first. */
const ALL = [`maintain ${KID.name}`, `maintain ${X5C.name}`, 'maintain credential'].sort();
const sorted = (acts: readonly string[]) => acts.toSorted();

describe('the keys function', () => {
  it.each<[string, unknown, string[]]>([
    [
      'its schedule',
      { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} },
      ['attest', 'copy', ...ALL],
    ],
    ['an operator who wants all that is due', { maintain: true }, ['attest', 'copy', ...ALL]],
    ['one who activates a key', { activate: KID.name }, [`activate ${KID.name}`]],
    ['one who replaces keys', { replace: X5C.name }, [`replace ${X5C.name}`]],
    ['one who changes the credential key', { rotateCredentialKey: true }, ['rotate credential']],
  ])('does what is wanted by %s, answers what it did, and logs it', async (_, event, expected) => {
    const { handler, acts, logs } = keysFunction();
    const answer = (await handler(event)) as { rings: object[]; credentialKeys: object | null };
    expect(sorted(acts)).toEqual(expected);
    const kinds = expected.filter(act => act !== 'attest' && act !== 'copy');
    expect(answer.rings).toHaveLength(kinds.filter(act => !act.endsWith('credential')).length);
    expect(answer.credentialKeys !== null).toBe(expected.some(act => act.endsWith('credential')));
    const kept = logs.filter(({ event: name }) => name === 'keys-maintained').map(({ fields }) => fields);
    expect(new Set(kept.map(({ requestId, of }) => `${requestId} ${of}`))).toEqual(
      new Set(kinds.map(act => `run-1 ${act.split(' ')[1]}`)),
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
    expect(sorted(acts)).toEqual(['attest', ...ALL]);
    expect(logs.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        event: 'keys-not-maintained',
        fields: { requestId: 'run-1', of: X5C.name, reason: 'Error: no answer' },
      },
    ]);
  });
});

describe('the schedule that attests', () => {
  it('does nothing else, and says whether it could', async () => {
    const [good, bad] = [keysFunction(), keysFunction(['attest'])];
    expect([await good.handler({ attest: true }), await bad.handler({ attest: true })]).toEqual([
      { attested: true },
      { attested: false },
    ]);
    expect([good.acts, bad.acts]).toEqual([['attest'], ['attest']]);
    expect(bad.logs).toEqual([
      {
        level: 'warn',
        event: 'table-not-attested',
        fields: { requestId: 'run-1', reason: 'Error: no answer' },
      },
    ]);
  });

  it('keeps no key from being rotated when DynamoDB does not say which table it is', async () => {
    const { handler, acts } = keysFunction(['attest']);
    await handler({ maintain: true });
    expect(sorted(acts)).toEqual(['attest', 'copy', ...ALL]);
  });
});

describe('a deployment', () => {
  it.each(['Create', 'Update'])(
    'waits for the keys and for the table, also for one that was restored: %s',
    async RequestType => {
      const { handler, acts, answers } = keysFunction();
      await handler({ ...REQUEST, RequestType });
      expect([sorted(acts.slice(0, 3)), ...acts.slice(3)]).toEqual([ALL, 'initialise', 'attest']);
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
    const Reason = `Error: the keys of ${KID.name}, credential could not be rotated: Error: no answer`;
    expect(answers).toEqual([{ url: RESPONSE_URL, body: { Status: 'FAILED', Reason, ...IDS } }]);
  });

  it('gets an error when it is not known which ledger the table belongs to', async () => {
    const { handler, answers } = keysFunction(['initialise']);
    await handler(REQUEST);
    const body = { Status: 'FAILED', Reason: 'Error: no answer', ...IDS };
    expect(answers).toEqual([{ url: RESPONSE_URL, body }]);
  });

  it('fails when it cannot be attested which table it serves from: nothing would be served', async () => {
    const { handler, answers } = keysFunction(['attest']);
    await handler(REQUEST);
    expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: 'Error: no answer' });
  });

  it('hears no more than fits into an answer, in printable characters', () => {
    const request = { ...REQUEST, RequestType: 'Create' } as const;
    expect(JSON.parse(resourceResponse(request, 'x'.repeat(9999))).Reason).toHaveLength(1024);
    expect(JSON.parse(resourceResponse(request, 'no\n\u{1f600}key')).Reason).toBe('no key');
    expect(resourceResponse(request, '"'.repeat(9999)).length).toBeLessThan(4096);
  });

  it('hears what AWS said', async () => {
    const denied = Object.assign(new Error('AWS answered 400: not authorized to perform: kms:Decrypt'), {
      name: 'AccessDeniedException',
    });
    const { handler, answers } = keysFunction([], new Error('no access to the secret', { cause: denied }));
    await handler(REQUEST);
    expect(answers[0]?.body.Reason).toContain(
      'AccessDeniedException: AWS answered 400: not authorized to perform: kms:Decrypt',
    );
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
