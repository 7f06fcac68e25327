import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tableDefinition } from '../../lib/store/table.ts';
import { openDynamo } from '../../local/dynamo.ts';
import { startEngine } from '../../local/engine.ts';
import { ensureTable } from '../../local/table.ts';
import { clientOf, type TestEngine, withEngine } from '../support/engine.ts';

const KEY = { pk: { S: 'a' }, sk: { S: 'b' } };

let engine: TestEngine;
beforeAll(async () => {
  engine = await withEngine();
});
afterAll(() => engine.close());

function sign(credential: string): string {
  const signature = '0'.repeat(64);
  return `AWS4-HMAC-SHA256 Credential=${credential}/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=${signature}`;
}

interface Forgery {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
}

/** Sends the request as it should be, except for the forgery; answers the status. */
async function send({ method = 'POST', path = '/', headers = {} }: Forgery): Promise<number | undefined> {
  const call = request(engine.endpoint + path, {
    method,
    headers: {
      authorization: sign(engine.accessKeyId),
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      ...headers,
    },
  });
  call.end(
    method === 'GET' || method === 'HEAD' ? '' : JSON.stringify({ TableName: engine.table, Key: KEY }),
  );
  const [response] = await once(call, 'response');
  response.resume();
  return response.statusCode;
}

describe('the guard of the embedded engine', () => {
  const forgeries: Record<string, (key: string) => Forgery> = {
    'no authorization': () => ({ headers: { authorization: '' } }),
    'Basic authorization': key => ({
      headers: { authorization: `Basic ${Buffer.from(`${key}:x`).toString('base64')}` },
    }),
    'Bearer authorization': key => ({ headers: { authorization: `Bearer ${key}` } }),
    'the bare key': key => ({ headers: { authorization: key } }),
    'an empty credential': () => ({ headers: { authorization: sign('') } }),
    'a well-known key': () => ({ headers: { authorization: sign('AKIAIOSFODNN7EXAMPLE') } }),
    'the key of another start': key => ({ headers: { authorization: sign('0'.repeat(key.length)) } }),
    'the key without its last digit': key => ({ headers: { authorization: sign(key.slice(0, -1)) } }),
    'the key and a digit': key => ({ headers: { authorization: sign(`${key}0`) } }),
    'the key in upper case': key => ({ headers: { authorization: sign(key.toUpperCase()) } }),
    'the key after a space': key => ({ headers: { authorization: sign(` ${key}`) } }),
    'the key behind another credential': key => ({
      headers: { authorization: `${sign('0')}, Credential=${key}/x` },
    }),
    'the key as the signature': key => ({
      headers: { authorization: sign('0').replace('0'.repeat(64), key) },
    }),
    'another algorithm': key => ({ headers: { authorization: sign(key).replace('SHA256', 'SHA1') } }),
    'the key in the query': key => ({
      path: `/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${key}/20261121/x/dynamodb/aws4_request`,
      headers: { authorization: '' },
    }),
    'the key in a cookie': key => ({ headers: { authorization: '', cookie: sign(key) } }),
    'the key in a second authorization': key => ({ headers: { authorization: [sign('0'), sign(key)] } }),
    'an origin': () => ({ headers: { origin: 'http://127.0.0.1' } }),
    'an opaque origin': () => ({ headers: { origin: 'null' } }),
    'an empty origin': () => ({ headers: { origin: '' } }),
    'a preflight': () => ({ method: 'OPTIONS', headers: { origin: 'https://evil.example' } }),
    GET: () => ({ method: 'GET' }),
    HEAD: () => ({ method: 'HEAD' }),
    PUT: () => ({ method: 'PUT' }),
    DELETE: () => ({ method: 'DELETE' }),
  };

  it('lets the right request through', async () => {
    expect(await send({})).toBe(200);
  });

  it.each(Object.keys(forgeries))('refuses a request with %s', async name => {
    expect(await send(forgeries[name]?.(engine.accessKeyId) ?? {})).toBe(403);
  });

  it('listens on loopback only', () => {
    expect(new URL(engine.endpoint).hostname).toBe('127.0.0.1');
  });
});

describe('the embedded engine', () => {
  it('survives a thousand bodies that break off', async () => {
    const { port } = new URL(engine.endpoint);
    const head = [
      'POST / HTTP/1.1',
      'Host: x',
      `Authorization: ${sign(engine.accessKeyId)}`,
      'X-Amz-Target: DynamoDB_20120810.GetItem',
      'Content-Length: 1000',
    ].join('\r\n');
    const breakOff = async (_: unknown, i: number) => {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      await new Promise(resolve => socket.write(`${head}\r\n\r\n{"TableName":`, resolve));
      if (i % 2 === 0) socket.resetAndDestroy();
      else socket.end();
      await once(socket.resume(), 'close');
    };
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 50 }, breakOff));
    expect(await send({})).toBe(200);
  });

  it.each([
    ['no JSON', 'GetItem', '{', 500],
    ['nothing', 'GetItem', '', 500],
    ['null', 'GetItem', 'null', 500],
    ['an operation that Pullpass does not use', 'DeleteTable', '{}', 400],
    ['more than any item holds', 'PutItem', ' '.repeat(1024 * 1024 + 1), undefined],
  ])('survives a body with %s', async (_, operation, body, status) => {
    const answer = fetch(engine.endpoint, {
      method: 'POST',
      headers: {
        authorization: sign(engine.accessKeyId),
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      },
      body,
    });
    expect(await answer.then(response => response.status).catch(() => undefined)).toBe(status);
    expect(await send({})).toBe(200);
  });

  it('answers a failed condition without the item, as DynamoDB does', async () => {
    const put = new PutItemCommand({
      TableName: engine.table,
      Item: { ...KEY, sk: { S: 'condition' } },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    await engine.client.send(put);
    await expect(engine.client.send(put)).rejects.toThrow('The conditional request failed');
  });
});

describe('the database of the embedded engine', () => {
  async function inDirectory(run: (path: string) => Promise<void>) {
    const path = await mkdtemp(join(tmpdir(), 'pullpass-engine-'));
    await run(path).finally(() => rm(path, { recursive: true }));
  }

  const put = (n: number) =>
    new PutItemCommand({ TableName: 'pullpass', Item: { ...KEY, sk: { S: `${n}` }, n: { N: `${n}` } } });
  const get = (n: number) =>
    new GetItemCommand({ TableName: 'pullpass', Key: { ...KEY, sk: { S: `${n}` } } });

  it('is there after a close, under a new key, for its owner alone', () =>
    inDirectory(async parent => {
      const path = join(parent, 'store');
      const first = await startEngine({ path });
      const client = clientOf(first);
      await ensureTable(client, 'pullpass');
      await ensureTable(client, 'pullpass');
      await client.send(put(1));
      await first.close();
      expect((await stat(path)).mode & 0o777).toBe(0o700);
      const second = await startEngine({ path });
      expect(second.accessKeyId).not.toBe(first.accessKeyId);
      expect((await clientOf(second).send(get(1))).Item?.n).toEqual({ N: '1' });
      await second.close();
    }));

  it('opens once: a second start on the same path says why it fails', () =>
    inDirectory(async path => {
      const first = await startEngine({ path });
      await expect(startEngine({ path })).rejects.toThrow(`Another process has the store ${path} open.`);
      await first.close();
      await (await startEngine({ path })).close();
    }));

  it('has everything that was acknowledged before a kill -9', () =>
    inDirectory(async path => {
      const writer = spawn(
        process.execPath,
        [fileURLToPath(import.meta.resolve('./write-forever.ts')), path],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let output = '';
      for await (const chunk of writer.stdout.setEncoding('utf8')) {
        output += chunk;
        if (output.split('\n').length > 200) writer.kill('SIGKILL');
      }
      const acknowledged = output.split('\n').slice(0, -1).map(Number);
      expect(acknowledged.length).toBeGreaterThanOrEqual(200);
      const engine = await startEngine({ path });
      const client = clientOf(engine);
      for (const n of acknowledged) expect((await client.send(get(n))).Item?.n).toEqual({ N: `${n}` });
      await engine.close();
    }));

  it('completes a table whose making was cut off', () =>
    inDirectory(async path => {
      const dynamo = await openDynamo(path);
      const definition = Buffer.from(JSON.stringify(tableDefinition('pullpass')));
      const { body } = await dynamo.execute('DynamoDB_20120810.CreateTable', definition);
      expect(body).toMatchObject({ TableDescription: { TableStatus: 'CREATING' } });
      await dynamo.close();
      const engine = await startEngine({ path });
      await clientOf(engine).send(put(1));
      await engine.close();
    }));
});
