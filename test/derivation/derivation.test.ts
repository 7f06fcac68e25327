/** Secrets derived with a key in KMS. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kmsDerivation } from '../../lib/derivation/derivation.ts';
import type { Derivation } from '../../lib/ports/keys.ts';
import { LoopbackAws, refused } from '../support/loopback-aws.ts';

const KEYS = 'arn:aws:kms:eu-central-1:123456789012:key/';
const [OLD, NEW] = ['11111111-abcd-1234-abcd-1234567890ab', 'mrk-1234567890abcdef1234567890abcdef'];
const MESSAGE = Buffer.from('facts');

let aws: LoopbackAws;
let derivation: Derivation;
beforeEach(async () => {
  aws = await LoopbackAws.start();
  aws.macKeys.set(KEYS + OLD, Buffer.alloc(32, 1)).set(KEYS + NEW, Buffer.alloc(32, 2));
  derivation = kmsDerivation(aws.caller('kms'), { keys: KEYS, id: NEW });
});
afterEach(() => aws.close());

describe('the derivation of KMS', () => {
  it('is HMAC-SHA-256 under the named key, also after another became the current one', async () => {
    expect(derivation.currentKey).toBe(NEW);
    for (const [key, bytes] of [
      [NEW, 2],
      [OLD, 1],
    ] as const) {
      const expected = createHmac('sha256', Buffer.alloc(32, bytes)).update(MESSAGE).digest();
      expect(Buffer.from(await derivation.derive(key, MESSAGE))).toEqual(expected);
      expect(aws.requests.at(-1)?.input).toEqual({
        KeyId: KEYS + key,
        MacAlgorithm: 'HMAC_SHA_256',
        Message: MESSAGE.toString('base64'),
      });
    }
  });

  it.each(['k1', '', '../x', 'alias/other', `${KEYS}${NEW}`, 'x'.repeat(36), NEW.toUpperCase()])(
    'sends no request for a key that KMS cannot have: %s',
    async key => {
      await expect(derivation.derive(key, MESSAGE)).rejects.toMatchObject({ code: 'unavailable' });
      expect(aws.requests).toEqual([]);
    },
  );

  it.each([
    ['does not know the key', refused('NotFoundException')],
    ['has disabled the key', refused('DisabledException')],
    ['has marked the key for deletion', refused('KMSInvalidStateException')],
    ['has a key for something else', refused('InvalidKeyUsageException')],
    ['does not let us', refused('AccessDeniedException')],
    ['throttles', refused('ThrottlingException')],
    ['fails', refused('KMSInternalException', 500)],
    ['answers nothing', { status: 200, body: {} }],
    ['answers no MAC', mac('', {})],
    ['answers half a MAC', mac(Buffer.alloc(16).toString('base64'), {})],
    ['answers a longer MAC', mac(Buffer.alloc(33).toString('base64'), {})],
    ['answers a MAC with something behind it', mac(`${Buffer.alloc(32).toString('base64')}!`, {})],
    ['answers by another key', mac(Buffer.alloc(32).toString('base64'), { KeyId: KEYS + OLD })],
    [
      'answers by another algorithm',
      mac(Buffer.alloc(32).toString('base64'), { MacAlgorithm: 'HMAC_SHA_512' }),
    ],
  ])('is unavailable when KMS %s', async (_, answer) => {
    aws.instead = () => answer;
    await expect(derivation.derive(NEW, MESSAGE)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is unavailable while KMS is unreachable, and works again afterwards', async () => {
    aws.loses = () => true;
    await expect(derivation.derive(NEW, MESSAGE)).rejects.toMatchObject({ code: 'unavailable' });
    aws.loses = () => false;
    expect(await derivation.derive(NEW, MESSAGE)).toHaveLength(32);
  });
});

function mac(text: string, other: object) {
  return { status: 200, body: { KeyId: KEYS + NEW, MacAlgorithm: 'HMAC_SHA_256', Mac: text, ...other } };
}
