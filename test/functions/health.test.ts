/** What each function says to a deployment that asks whether it can serve. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { createFallback } from '../../lib/compose/fallback.ts';
import { createKeys } from '../../lib/compose/keys.ts';
import { createRestore } from '../../lib/compose/restore.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import { eventOf } from '../support/events.ts';
import { SERVICE } from '../support/records.ts';

const CONTEXT = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 } as Context;
const QUESTION = { health: true };

type Handler = (event: never, context: Context) => Promise<unknown>;

let deployment: Deployment;
beforeEach(async () => {
  deployment = await deploy();
});
afterEach(() => deployment.close());

/** All functions as they serve now, by name. */
function functions(): Readonly<Record<string, Handler>> {
  const { handlers, serving: world } = deployment;
  return {
    ...(handlers as Readonly<Record<string, Handler>>),
    fallback: createFallback(world),
    cleanup: createCleanup(world),
    keys: createKeys(world),
    restore: createRestore(world),
  };
}

async function answers(): Promise<Readonly<Record<string, unknown>>> {
  const asked = Object.entries(functions()).map(async ([name, handler]) => [
    name,
    await handler(QUESTION as never, CONTEXT),
  ]);
  return Object.fromEntries(await Promise.all(asked));
}

const ALL = [
  ...[
    'cleanup',
    'credentials',
    'discovery',
    'fallback',
    'keys',
    'login',
    'management',
    'registry',
    'restore',
  ],
];

describe('asked for its health', () => {
  it('every function says that it can serve', async () => {
    const found = await answers();
    expect(new Set(Object.keys(found))).toEqual(new Set(ALL));
    expect(new Set(Object.values(found).map(answer => JSON.stringify(answer)))).toEqual(
      new Set(['{"status":"ok"}']),
    );
  });

  it('functions name the key that is missing, and the others can serve', async () => {
    await rm(join(deployment.directory, 'credential.json'));
    await rm(join(deployment.directory, 'keys'), { recursive: true });
    const found = await answers();
    const failing = (...parts: readonly string[]) => ({
      status: 'failing',
      problem: expect.stringMatching(new RegExp(parts.map(part => `(?=.*${part})`).join(''))),
    });
    const service = SERVICE.name;
    expect(found).toEqual({
      cleanup: { status: 'ok' },
      credentials: failing('credential key: no credential keys'),
      discovery: failing(`keys of ${service}: `),
      fallback: { status: 'ok' },
      keys: failing(`ring of ${service}: Error: missing`, 'credential key: Error: missing'),
      login: failing('logins: ', 'credential key: no credential keys'),
      management: failing('credential key: no credential keys'),
      registry: { status: 'ok' },
      restore: { status: 'ok' },
    });
  });

  it('functions that were given a restored table say that they wait for the ledger', async () => {
    deployment.serveFrom(await deployment.freshTable());
    const found = await answers();
    const waiting = { status: 'restored-table', problem: 'table: restored table' };
    for (const name of ['cleanup', 'credentials', 'management', 'login', 'registry'])
      expect(found[name]).toEqual(waiting);
    expect(found.restore).toEqual({ status: 'ok' });
  });

  it('no function takes another event for the question', async () => {
    const { login, cleanup, restore } = functions();
    const request = eventOf('POST /oauth/token', { body: JSON.stringify(QUESTION) } as never);
    expect(await login?.(request as never, CONTEXT)).toMatchObject({ statusCode: expect.any(Number) });
    expect(await cleanup?.({ ...QUESTION, continue: true } as never, CONTEXT)).toMatchObject({
      finished: true,
    });
    await expect(restore?.({ health: 'true' } as never, CONTEXT)).rejects.toThrow();
  });
});
