/** The answer to a deployment goes to S3 and nowhere else, is short, and does not wait for ever. */
import { describe, expect, it } from 'vitest';
import { type Put, putResponse } from '../../lib/aws/custom-resource.ts';

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
