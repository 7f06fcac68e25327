/** Mistakes that others have made with proofs of AWS, named by their advisories, which must never be ours. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsCallers, awsCallers } from '../../lib/iam/aws-sts.ts';
import { answerOf, FARM, HOST, LoopbackSts, PUBLIC_URL, proofOf } from './loopback-sts.ts';
import { NOW_MS } from './tokens.ts';

let sts: LoopbackSts;
let evil: LoopbackSts;
let callers: AwsCallers;

beforeEach(async () => {
  sts = await new LoopbackSts().open();
  evil = await new LoopbackSts().open();
  callers = awsCallers({ publicUrl: PUBLIC_URL, endpoint: sts.url, cacheKey: randomBytes(32) });
});
afterEach(async () => {
  await sts.close();
  await evil.close();
});

async function expectRefused(proof: string, code: 'unauthenticated' | 'unavailable'): Promise<void> {
  await expect(callers.identify(proof, NOW_MS)).rejects.toMatchObject({ code });
}

const QUERY = { Action: 'GetCallerIdentity', Version: '2011-06-15' };
const ADMIN = {
  Arn: 'arn:aws:iam::999999999999:user/admin',
  Account: '999999999999',
  UserId: 'AIDAADMINEXAMPLE0000',
};

describe('CVE-2020-16250: the sender of a proof cannot change what STS is asked', () => {
  it.each([
    [
      'AssumeRoleWithWebIdentity',
      { RoleArn: 'arn:aws:iam::1:role/x', RoleSessionName: answerOf(ADMIN), WebIdentityToken: 'x' },
    ],
    [
      'AssumeRoleWithSAML',
      { RoleArn: 'arn:aws:iam::1:role/x', PrincipalArn: 'x', SAMLAssertion: answerOf(ADMIN) },
    ],
    ['AssumeRole', { RoleArn: 'arn:aws:iam::1:role/x', RoleSessionName: 'x' }],
    ['GetFederationToken', { Name: 'admin' }],
    ['DecodeAuthorizationMessage', { EncodedMessage: answerOf(ADMIN) }],
    ['GetAccessKeyInfo', { AccessKeyId: 'AKIAADMIN' }],
  ])('not by %s', async (action, parameters) => {
    await expectRefused(
      await proofOf(FARM, { query: { ...QUERY, Action: action, ...parameters } }),
      'unauthenticated',
    );
    expect(sts.connections).toBe(0);
  });

  it.each(['accept', 'content-type', 'x-forwarded-host', 'x-amz-target', 'x-http-method-override'])(
    'nor by a header %s that is signed',
    async name => {
      const headers = { 'x-pullpass-server-id': PUBLIC_URL, [name]: 'text/xml' };
      await expectRefused(await proofOf(FARM, { headers }), 'unauthenticated');
      expect(sts.connections).toBe(0);
    },
  );

  it.each([
    '%0d%0aHost:%20evil.example',
    '\r\nHost: evil.example',
    '%0D%0A%0D%0AGET%20/%20HTTP/1.1',
    ' HTTP/1.1\r\nX: ',
  ])('nor by the line break in %j', async text => {
    await expectRefused(`${await proofOf()}${text}`, 'unauthenticated');
    await expectRefused((await proofOf()).replace(HOST, `${HOST}${text}`), 'unauthenticated');
    expect(sts.connections).toBe(0);
  });

  it('calls no host but those of STS', async () => {
    const { host } = new URL(evil.url);
    for (const name of [
      host,
      `${host}\\.${HOST}`,
      `${HOST}@${host}`,
      `${host}#.${HOST}`,
      `${host}?.${HOST}`,
    ]) {
      await expectRefused((await proofOf()).replace(HOST, name), 'unauthenticated');
    }
    expect([sts.connections, evil.connections]).toEqual([0, 0]);
  });

  it('does not follow a redirect, even with a perfect answer', async () => {
    await sts.setFault('redirect');
    await expectRefused(await proofOf(), 'unavailable');
    expect(sts.requests).toHaveLength(1);
  });
});

describe('CVE-2020-16250: only the exact JSON answer of STS is accepted', () => {
  const xml = `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${ADMIN.Arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`;
  const result = JSON.stringify(ADMIN);
  const ANSWERS: Record<string, [body: (good: string) => string, type?: string]> = {
    XML: [() => xml, 'text/xml'],
    'XML that says it is JSON': [() => xml],
    'XML with JSON in it': [good => `<?xml version="1.0"?>${good}`],
    'JSON that says it is XML': [good => good, 'text/xml'],
    'JSON that says it is a page': [good => good, 'text/html; charset=utf-8'],
    'JSON of another kind': [good => good, 'application/json-seq'],
    'JSON that is only mentioned': [good => good, 'text/plain, application/json'],
    'two answers': [good => `${good}${answerOf(ADMIN)}`],
    'an answer with something behind it': [good => `${good}x`],
    'a list': [good => `[${good}]`],
    'a text': [good => JSON.stringify(good)],
    'another response around it': [good => `{"AssumeRoleWithWebIdentityResponse":${good}}`],
    'another action': [good => good.replaceAll('GetCallerIdentity', 'AssumeRoleWithWebIdentity')],
    'the result without the response': [() => `{"GetCallerIdentityResult":${result}}`],
    'the result alone': [() => result],
    'two responses': [
      good => good.replace(/}$/, `,"GetCallerIdentityResponse":{"GetCallerIdentityResult":${result}}}`),
    ],
    'two results': [
      good => good.replace('"ResponseMetadata"', `"GetCallerIdentityResult":${result},"ResponseMetadata"`),
    ],
    'two names': [good => good.replace('"Account"', `"Arn":"${ADMIN.Arn}","Account"`)],
    'a name of which one half is escaped': [
      good => good.replace('"Account"', `"\\u0041rn":"${ADMIN.Arn}","Account"`),
    ],
    'names in small letters': [good => good.replace('"Arn"', '"arn"')],
    'a result that is inherited': [() => `{"__proto__":${answerOf(ADMIN)}}`],
    'bytes that are no text': [good => `${good}\uD800`],
    nothing: [() => ''],
  };
  it.each(Object.entries(ANSWERS))('%s', async (_, [body, type]) => {
    sts.alter = good => ({ body: body(good), ...(type === undefined ? {} : { type }) });
    await expectRefused(await proofOf(), 'unavailable');
    expect(sts.connections).toBe(1);
  });

  it('accepts JSON with a character set', async () => {
    sts.alter = body => ({ body, type: 'application/json; charset=utf-8' });
    expect(await callers.identify(await proofOf(), NOW_MS)).toMatchObject({ kind: 'awsiam' });
  });
});

describe('CVE-2022-2385: a parameter is given once, however it is written', () => {
  const OTHER = {
    Action: 'AssumeRole',
    Version: '2010-05-08',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA1',
    'X-Amz-Credential': 'AKIAADMINADMINADMIN0%2F20260921%2Feu-central-1%2Fsts%2Faws4_request',
    'X-Amz-Date': '20260921T141321Z',
    'X-Amz-Expires': '900',
    'X-Amz-Security-Token': 'AAAA',
    'X-Amz-Signature': 'a'.repeat(64),
    'X-Amz-SignedHeaders': 'host',
  };
  const SPELLINGS: Record<string, (name: string) => string> = {
    'in small letters': name => name.toLowerCase(),
    'in capitals': name => name.toUpperCase(),
    'with another first letter': name => name.replace(/^./, letter => letter.toLowerCase()),
    'percent-encoded': name => name.replace(/^./, letter => `%${letter.charCodeAt(0).toString(16)}`),
    'percent-encoded in capitals': name =>
      name.replace(/.$/, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`),
    'with a space behind it': name => `${name}%20`,
    'with a NUL behind it': name => `${name}%00`,
    'with an underscore': name => name.replaceAll('-', '_').replace(/n$/, 'n_'),
    'as it is': name => name,
  };
  const cases = Object.keys(OTHER).flatMap(name =>
    Object.keys(SPELLINGS).map(spelling => [name, spelling] as const),
  );

  it.each(cases)('%s %s', async (name, spelling) => {
    const value = OTHER[name as keyof typeof OTHER];
    const again = `${SPELLINGS[spelling]?.(name)}=${value}`;
    const good = await proofOf();
    const same = `${SPELLINGS[spelling]?.(name)}=${new RegExp(`[?&]${name}=([^&]*)`).exec(good)?.[1]}`;
    for (const pair of [again, same]) {
      await expectRefused(`${good}&${pair}`, 'unauthenticated');
      await expectRefused(good.replace('?', `?${pair}&`), 'unauthenticated');
    }
    expect(sts.connections).toBe(0);
  });
});
