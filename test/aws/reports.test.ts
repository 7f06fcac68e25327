/** Hygiene reports on an event bus, and answers to CloudFormation, which go to S3 alone. */

import { describe, expect, it } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import {
  DETAIL_TYPE,
  eventNotices,
  MAX_ENTRIES,
  type Put,
  putResponse,
  SOURCE,
} from '../../lib/aws/reports.ts';
import { type AccountReport, MAX_EXAMPLES } from '../../lib/domain/hygiene.ts';
import type { Account } from '../../lib/domain/identifiers.ts';
import { NOW } from '../support/records.ts';

const URL_OF_EUROPE =
  'https://cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com/arn%3Aaws%3Acloudformation%3A1?X-Amz-Signature=1';

interface Sent {
  readonly url: string;
  readonly body: string;
  readonly timeoutMs: number;
}

/** A sender that answers with these, one after the other, and what it was given. */
function sender(...answers: (number | Error)[]): { put: Put; sent: Sent[] } {
  const sent: Sent[] = [];
  const put: Put = async (url, body, timeoutMs) => {
    sent.push({ url: url.href, body, timeoutMs });
    const answer = answers[sent.length - 1] ?? 200;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { put, sent };
}

describe('the answer to a deployment', () => {
  it.each([
    URL_OF_EUROPE,
    'https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/a?b=c',
    'https://cloudformation-custom-resource-response-useast2.s3-us-east-2.amazonaws.com/a',
    'https://cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn/a',
    'https://cloudformation-custom-resource-response-euscdeeast1.s3.eusc-de-east-1.amazonaws.eu/a',
    'https://cloudformation-custom-resource-response-usisoeast1.s3.us-iso-east-1.c2s.ic.gov/a',
  ])('is put to %s', async url => {
    const { put, sent } = sender(200);
    await putResponse(url, '{}', put);
    expect(sent).toEqual([{ url, body: '{}', timeoutMs: 5000 }]);
  });

  it.each([
    'http://b.s3.amazonaws.com/',
    'https://b.s3.amazonaws.com:8443/',
    'https://user@b.s3.amazonaws.com/',
    'https://:password@b.s3.amazonaws.com/',
    'https://b.s3.amazonaws.com.evil.example/',
    'https://evil.example/b.s3.amazonaws.com',
    'https://evil.example#.s3.amazonaws.com/',
    'https://evil.example?.s3.amazonaws.com/',
    'https://b.s3.amazonaws.org/',
    'https://b.s3.amazonaws.eu.example/',
    'https://b.s3.evilamazonaws.eu/',
    'https://b.s3.amazonaws.com.cn.com/',
    'https://s3amazonaws.com/',
    'https://b.s3evil.amazonaws.com/',
    'https://ec2-1-2-3-4.eu-central-1.compute.amazonaws.com/',
    'https://abc.execute-api.eu-central-1.amazonaws.com/',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/',
    'file:///etc/passwd',
    'b.s3.amazonaws.com',
    '',
  ])('is not put to %s', async url => {
    const { put, sent } = sender();
    await expect(putResponse(url, '{}', put)).rejects.toThrow(/not one of S3/);
    expect(sent).toEqual([]);
  });

  it('refuses more than 4096 bytes', async () => {
    const { put, sent } = sender();
    await putResponse(URL_OF_EUROPE, 'x'.repeat(4096), put);
    await expect(putResponse(URL_OF_EUROPE, 'ü'.repeat(2049), put)).rejects.toThrow(/4096/);
    expect(sent).toHaveLength(1);
  });

  it('is sent up to three times', async () => {
    const second = sender(500, new Error('no answer'), 200);
    await putResponse(URL_OF_EUROPE, '{}', second.put);
    expect(second.sent).toHaveLength(3);
    const never = sender(...Array(9).fill(403));
    await expect(putResponse(URL_OF_EUROPE, '{}', never.put)).rejects.toThrow(/not accept the answer: 403/);
    expect(never.sent).toHaveLength(3);
  });

  it('follows no redirection', async () => {
    const { put, sent } = sender(307, 307, 307);
    await expect(putResponse(URL_OF_EUROPE, '{}', put)).rejects.toThrow(/not accept the answer: 307/);
    expect(new Set(sent.map(({ url }) => url))).toEqual(new Set([URL_OF_EUROPE]));
  });
});

interface Entry {
  readonly Source: string;
  readonly DetailType: string;
  readonly EventBusName: string;
  readonly Time: number;
  readonly Detail: string;
}

const finding = { count: 1, examples: ['x'] };
const reportOn = (account: Account, part = finding): AccountReport => ({
  account,
  releasedNamespaces: part,
  unusedTokens: part,
  expiringTokens: part,
});
const accounts = Array.from({ length: 25 }, (_, i) => `dev:account-${i}` as const);

/** A bus that takes what `takes` lets it. */
function bus(takes: (account: string, call: number) => boolean) {
  const calls: Entry[][] = [];
  const taken: string[] = [];
  const call: AwsCall = async (operation, input) => {
    expect(operation).toBe('PutEvents');
    const { Entries } = input as { Entries: Entry[] };
    calls.push(Entries);
    const results = Entries.map(({ Detail }) => {
      const { account } = JSON.parse(Detail) as { account: string };
      if (!takes(account, calls.length)) return { ErrorCode: 'ThrottlingException', ErrorMessage: 'x' };
      taken.push(account);
      return { EventId: 'x' };
    });
    return { FailedEntryCount: results.filter(({ ErrorCode }) => ErrorCode).length, Entries: results };
  };
  return { calls, taken, publish: eventNotices({ call, bus: 'ops' }).publish };
}

it('sends one event for each account, ten to a call', async () => {
  const { calls, publish } = bus(() => true);
  await publish(
    accounts.map(account => reportOn(account)),
    NOW,
  );
  expect(calls.map(entries => entries.length)).toEqual([10, 10, 5]);
  expect(calls[2]?.[4]).toEqual({
    Source: SOURCE,
    DetailType: DETAIL_TYPE,
    EventBusName: 'ops',
    Time: NOW,
    Detail: JSON.stringify({ reportedAt: '2026-11-21T07:00:00Z', ...reportOn('dev:account-24') }),
  });
});

it('sends again only what the bus did not accept', async () => {
  const { calls, taken, publish } = bus((account, call) => call > 1 || account !== 'dev:account-3');
  await publish(
    accounts.slice(0, 5).map(account => reportOn(account)),
    NOW,
  );
  expect(calls.map(entries => entries.length)).toEqual([5, 1]);
  expect(new Set(taken)).toEqual(new Set(accounts.slice(0, 5)));
});

it('throws with the reasons when the bus refuses three times', async () => {
  const { calls, publish } = bus(account => account !== 'dev:account-0');
  const publishing = publish(
    accounts.slice(0, 2).map(account => reportOn(account)),
    NOW,
  );
  await expect(publishing).rejects.toThrow('refused 1 notices: ThrottlingException');
  expect(calls).toHaveLength(3);
});

it('stays below the 256 KB of a call', async () => {
  const { calls, publish } = bus(() => true);
  const longest = { count: 1e9, examples: Array(MAX_EXAMPLES).fill('n'.repeat(128)) };
  const reports = accounts
    .slice(0, MAX_ENTRIES)
    .map((_, i) => reportOn(`${'i'.repeat(32)}:${'"'.repeat(255)}${i}`, longest));
  await publish(reports, NOW);
  expect(Buffer.byteLength(JSON.stringify(calls[0]))).toBeLessThan(256 * 1024);
});
