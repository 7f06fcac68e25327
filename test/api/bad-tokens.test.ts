/** Registry tokens that do not log in: the answer does not say why, and no value near a good one is good. */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Account, encodeBase62 } from '../../lib/domain/identifiers.ts';
import { formatRegistryToken } from '../../lib/domain/registry-token.ts';
import { inBatches } from '../support/batches.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { type Received, type Sent, textWithoutId } from '../support/events.ts';
import { aToken } from '../support/records.ts';

let deployment: Deployment;
beforeEach(async () => {
  deployment = await deploy();
});
afterEach(() => deployment.close());

const SCOPE = 'repository:team-a/app:pull';

/** A well-formed value that was never issued. */
function valueFor(account: Account): string {
  return formatRegistryToken(account, aToken().id, randomBytes(32)).reveal();
}

describe('a registry token that is not good', () => {
  /** What is left of an answer that a caller could tell from another. */
  const bytesOf = (answer: Received) => {
    const { 'x-request-id': _, ...rest } = answer.headers;
    return JSON.stringify({ status: answer.status, rest, text: textWithoutId(answer) });
  };
  const act = async (change: (id: string) => Promise<unknown>) => {
    const { id, token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: { expiresInSeconds: 60 } }))
      .json;
    await change(id);
    return token as string;
  };
  const alice = (line: string, sent?: Sent) => deployment.as(ALICE)(line, sent);

  it('gets the same bytes, for every fault', async () => {
    const values = {
      unknown: valueFor('dev:acme'),
      'of an unknown account': valueFor('dev:unknown'),
      malformed: 'plp_x',
      empty: '',
      'an API key': await deployment.apiKeyOf(ALICE),
      disabled: await act(id => alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } })),
      removed: await act(id => alice(`DELETE /v1/tokens/${id}`)),
      superseded: await act(id => alice(`POST /v1/tokens/${id}/rotate`)),
      'superseded after its grace': await act(async id => {
        await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 5 } });
        deployment.wait(5);
      }),
      expired: await act(async () => deployment.wait(60)),
      'expired and disabled': await act(async id => {
        await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
        deployment.wait(60);
      }),
    };
    const answers = await Promise.all(
      Object.entries(values).map(async ([name, value]) => [
        name,
        bytesOf(await deployment.logIn(value, SCOPE)),
      ]),
    );
    const [[, first] = []] = answers;
    expect(first).toContain('401');
    for (const [name, bytes] of answers) expect([name, bytes]).toEqual([name, first]);
    const wrong = bytesOf(
      await deployment.send('GET /oauth/token?service=localhost:5000', { basic: ['admin', 'x'] }),
    );
    expect(wrong).toBe(first);
  });

  it('is named in the log by its id, never by its value', async () => {
    const removed = await act(id => alice(`DELETE /v1/tokens/${id}`));
    const expired = await act(async () => deployment.wait(60));
    for (const value of [removed, expired, 'plp_x']) await deployment.logIn(value);
    const reasons = deployment.logs
      .map(line => JSON.parse(line))
      .filter(({ message }) => message === 'refused')
      .map(({ reason }) => reason);
    expect(reasons).toEqual([
      expect.stringMatching(/^token [0-9a-f-]{36}: removed$/),
      expect.stringMatching(/^token [0-9a-f-]{36}: expired$/),
      'token: malformed',
    ]);
  });

  it('is every truncation and every change of a single character of a good one (CVE-2026-27840)', async () => {
    const good = (await alice('POST /v1/tokens', { json: {} })).json.token as string;
    const others = (character: string) =>
      ['0', 'A', 'z', '_', '-', character.toLowerCase(), character.toUpperCase()].filter(
        c => c !== character,
      );
    const changed = [...good].flatMap((character, i) =>
      others(character).map(other => good.slice(0, i) + other + good.slice(i + 1)),
    );
    const truncated = [...good].flatMap((_, i) => [good.slice(0, i), good.slice(i + 1)]);
    const around = [
      `${good} `,
      ` ${good}`,
      `${good}\n`,
      `${good}0`,
      `${good}:`,
      `${good}${good}`,
      good.toUpperCase(),
    ];
    const values = new Set([...changed, ...truncated, ...around]);
    expect(values.size).toBeGreaterThan(5 * 91);
    deployment.wire.requests.length = 0;
    await inBatches([...values], async value => {
      expect([value, (await deployment.logIn(value)).status]).toEqual([value, 401]);
    });
    // The checksum refuses a typing error before any read.
    expect(deployment.wire.requests).toEqual([]);
    expect((await deployment.logIn(good)).status).toBe(200);
  });

  it('is a changed one whose checksum was made right', async () => {
    const good = (await alice('POST /v1/tokens', { json: {} })).json.token as string;
    const forge = (i: number) => {
      const body = good.slice(0, i) + (good[i] === 'a' ? 'b' : 'a') + good.slice(i + 1, -6);
      const checksum = Buffer.alloc(4);
      checksum.writeUInt32BE(crc32(body));
      return body + encodeBase62(checksum);
    };
    const forged = Array.from({ length: 81 }, (_, i) => forge(i + 4));
    await inBatches(forged, async value => {
      expect([value, (await deployment.logIn(value)).status]).toEqual([value, 401]);
    });
  });
});
