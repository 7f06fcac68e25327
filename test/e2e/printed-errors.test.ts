/** Every client prints the reason of each error of the login endpoint. */
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ERRORS, type ErrorCode } from '../../lib/domain/error-codes.ts';
import { PullpassError } from '../../lib/domain/errors.ts';
import { errorResponse } from '../../lib/http/answer.ts';
import { expectRefusal } from './support/expect.ts';
import { type Registry, startRegistry } from './support/registry.ts';
import { useWorld } from './support/world.ts';

const CODES: ErrorCode[] = [
  'invalid-request',
  'unauthenticated',
  'not-found',
  'method-not-allowed',
  'payload-too-large',
  'rate-limited',
  'internal',
  'unavailable',
];

/** Some clients show what the server says, some only the status. */
const PRINTED: Record<'docker' | 'skopeo' | 'crane' | 'containerd', (code: ErrorCode) => string> = {
  docker: code =>
    ERRORS[code].status < 500 ? ERRORS[code].detail : `unexpected HTTP status: ${statusOf(code)}`,
  skopeo: code => SKOPEO_KNOWS[code] ?? `invalid status code from registry ${ERRORS[code].status}`,
  crane: code => ERRORS[code].detail,
  containerd: statusOf,
};
const SKOPEO_KNOWS: Partial<Record<ErrorCode, string>> = {
  unauthenticated: ERRORS.unauthenticated.detail,
  'rate-limited': 'too many requests to registry',
};

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });
let failing: Registry;
let answered: ErrorCode = 'internal';

/** Fails as the product does, in the way that the test wants. */
const realm = createServer((_, response) => {
  const failure = new PullpassError(answered, { retryAfterSeconds: 1 });
  const { status, headers, json } = errorResponse(failure, 'registry', 'request');
  response.writeHead(status, headers).end(JSON.stringify(json));
});

beforeAll(async () => {
  realm.listen(0, '127.0.0.1');
  await once(realm, 'listening');
  const { registry, pullpass } = world();
  await registry.stop();
  const configFile = join(pullpass.settings.PULLPASS_DATA, 'failing.yml');
  const config = await readFile(join(pullpass.settings.PULLPASS_DATA, 'registry', 'config.yml'), 'utf8');
  const url = `http://localhost:${(realm.address() as AddressInfo).port}/oauth/token`;
  await writeFile(configFile, config.replace(/realm: .*/, `realm: "${url}"`));
  failing = await startRegistry({ ...registry, configFile });
});
afterAll(async () => {
  await failing.stop();
  realm.close();
  realm.closeAllConnections();
});

describe.each(CODES)('%s', wanted => {
  it.each(['docker', 'skopeo', 'crane'] as const)('is printed by %s', async name => {
    answered = wanted;
    const client = await world().client(name);
    expectRefusal(await client.pull(`${failing.address}/team-a/app:v1`), PRINTED[name](wanted));
  });

  it('is printed by containerd', async () => {
    answered = wanted;
    const containerd = await world().containerd();
    const pull = await containerd.pull(`${failing.address}/team-a/app:v1`, 'token:secret');
    expectRefusal(pull, PRINTED.containerd(wanted));
  });
});

function statusOf(code: ErrorCode): string {
  const { status } = ERRORS[code];
  return `${status} ${STATUS_CODES[status]}`;
}
