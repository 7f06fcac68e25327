/** The OpenAPI document as it is served, and what it has to cover. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import document from '../../lib/api/openapi.json' with { type: 'json' };
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { API_ERRORS, type ErrorCode, nameOfError } from '../../lib/domain/error-codes.ts';
import { type Deployment, deploy, PUBLIC_URL } from '../support/deployment.ts';
import { operationOf } from '../support/openapi-contract.ts';
import { SERVICE } from '../support/records.ts';

interface Parameter {
  readonly description: string;
  readonly schema: { readonly type?: string };
}

const METHODS = new Set(['get', 'put', 'post', 'patch', 'delete', 'head', 'options', 'trace']);

describe('the document', () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await deploy();
  });
  afterAll(() => deployment.close());

  it('is served to every caller as it is committed, with the deployment as its server and its services', async () => {
    const { status, headers, json } = await deployment.send('GET /openapi.json');
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(headers['cache-control']).toBe('public, max-age=300');
    const committed = JSON.stringify({ ...document, servers: [{ url: PUBLIC_URL }] }, (_, value) => {
      if (value === 'registry.example') return SERVICE.name;
      if (value?.['x-one-of'] === undefined) return value;
      const { 'x-one-of': kind, ...schema } = value;
      return kind === 'platforms' ? schema : { ...schema, enum: [SERVICE.name] };
    });
    expect(json).toEqual(JSON.parse(committed));
  });

  it('is written in ASCII, which is copied at each answer where other text is encoded anew', async () => {
    expect(JSON.stringify(document)).toMatch(/[^\0-\x7f]/);
    expect((await deployment.send('GET /openapi.json')).text).toMatch(/^[\0-\x7f]+$/);
  });

  it('has a pattern, a list or a length for every text in a path or a query that decides anything', () => {
    const parameters = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.values(operations as Record<string, { parameters?: Parameter[] }>).flatMap(operation =>
        (operation.parameters ?? []).map(parameter => ({ path, ...parameter })),
      ),
    );
    const open = parameters.filter(
      ({ schema, description }) =>
        schema.type === 'string' &&
        !('pattern' in schema || 'enum' in schema || 'x-one-of' in schema) &&
        description !== 'Ignored.',
    );
    expect(parameters.length).toBeGreaterThan(15);
    expect(open).toEqual([]);
  });

  it('has no pattern that readers of JSON Schema understand differently', () => {
    const patterns = [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
      ([, pattern = '']) => JSON.parse(pattern) as string,
    );
    expect(patterns.length).toBeGreaterThan(20);
    // Without the flag `u` of JavaScript or in Python, these mean other characters or nothing at all.
    expect(patterns.filter(pattern => /\\[pPwWsSbB]|\(\?<|\\u/.test(pattern))).toEqual([]);
    for (const pattern of patterns) expect(() => new RegExp(pattern, 'u')).not.toThrow();
  });

  it('has one operation for every route, each by a name of its own, and no other', () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter(method => METHODS.has(method))
        .map(method => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(ALL_ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
    expect(new Set(ALL_ROUTES.map(route => operationOf(route).operationId)).size).toBe(ALL_ROUTES.length);
  });

  it('names every failure with its status, and all but that of a missing method at an operation', () => {
    const table = document.info.description;
    const responses = JSON.stringify(document.components.responses);
    const codes = Object.entries(API_ERRORS).map(
      ([code, { status }]) => [nameOfError(code as ErrorCode), { status }] as const,
    );
    expect(codes.filter(([code, { status }]) => !table.includes(`| \`${code}\` | ${status} |`))).toEqual([]);
    expect(codes.filter(([code]) => !responses.includes(`\`${code}\``)).map(([code]) => code)).toEqual([
      'method-not-allowed',
    ]);
  });

  it('describes the authentication that the route requires', () => {
    const secured = ALL_ROUTES.map(({ method, path, authentication }) => {
      const { security } = operationOf({ method, path });
      const isOpen = security.length === 0 || security.some(scheme => Object.keys(scheme).length === 0);
      return [`${method} ${path}`, isOpen ? 'open' : 'guarded', authentication];
    });
    for (const [line, access, authentication] of secured) {
      expect([line, access]).toEqual([
        line,
        authentication === 'public' || authentication === 'login' ? 'open' : 'guarded',
      ]);
    }
  });
});
