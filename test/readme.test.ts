/** The README's tables and patterns, held against the code that they describe. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ALL_ROUTES } from '../lib/api/routes.ts';
import { VARIABLES } from '../lib/config/config.ts';
import { ISSUERS_FILE } from '../lib/config/issuers.ts';
import { SERVICES_FILE } from '../lib/config/services.ts';
import { credentialBody, formatCredential, MAX_CREDENTIAL_LENGTH } from '../lib/domain/credential.ts';
import { ERRORS } from '../lib/domain/errors.ts';
import { formatRegistryToken } from '../lib/domain/registry-token.ts';
import {
  FOREIGN_PUSH_REFUSED,
  LOGIN_REFUSED,
  PULL_REFUSED,
  PUSH_REFUSED,
  SECRET_REFUSED,
} from './e2e/support/texts.ts';

const README = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');

/** The cells of every table row in the README whose first cell is code. */
const ROWS = README.split('\n')
  .filter(line => line.startsWith('| `'))
  .map(line => line.split('|').map(cell => cell.trim()));

/** The fenced blocks of a language that stand below a heading. */
function blocks(heading: string, language: string): string[] {
  const section = README.split(/^#{2,3} /m).find(part => part.startsWith(`${heading}\n`)) ?? '';
  return [...section.matchAll(/^```(\w*)\n(.*?)^```/gms)]
    .filter(([, found]) => found === language)
    .map(([, , text]) => text ?? '');
}

describe('the README', () => {
  it('names every variable with its default, and no other', () => {
    const rows = ROWS.filter(([, name]) => /^`(PULLPASS_\w+|PORT)`$/.test(name ?? ''));
    const documented = rows.map(([, name, absent]) => [name, absent === '' ? undefined : absent]);
    const known = VARIABLES.map(({ variable, absent }) => [`\`${variable}\``, absent && `\`${absent}\``]);
    expect(documented.sort()).toEqual(known.sort());
  });

  it('names every route of the table, and no other', () => {
    const documented = ROWS.flatMap(
      ([, cell]) => /^`((?:GET|POST|PUT|PATCH|DELETE) \S+)`$/.exec(cell ?? '')?.[1] ?? [],
    );
    const tabulated = ALL_ROUTES.filter(({ authentication }) => authentication !== 'login');
    expect(documented.sort()).toEqual(tabulated.map(({ method, path }) => `${method} ${path}`).sort());
    const login = ALL_ROUTES.filter(({ authentication }) => authentication === 'login').map(
      ({ path }) => path,
    );
    expect(login.filter(path => !README.includes(path))).toEqual([]);
  });

  it('gives the expression by which a leaked token is found', () => {
    const [, expression = ''] = /^(plp_\[.*\})$/m.exec(README) ?? [];
    const value = formatRegistryToken('dev:dev', '01a1fd49-4a6c-7d65-a6e0-bc414b35f7c0', Buffer.alloc(32, 7));
    expect(value.reveal()).toMatch(new RegExp(`^${expression}$`));
  });

  it('gives the expression by which a leaked credential is found, the shortest and the longest too', () => {
    const [, expression = ''] = /^(plc_\[.*\})$/m.exec(README) ?? [];
    const facts = { jti: 'j'.repeat(22), handle: 'h'.repeat(16), access: 'pull', endsAt: 1e9 } as const;
    const parent = { kind: 'identity', subject: 'a:b' } as const;
    const patternOf = (length: number) => `team/${'a'.repeat(length)}`;
    const lengths = [null, ...Array.from({ length: 700 }, (_, i) => i + 1)];
    const sealed = lengths.flatMap(length => {
      const repositories = length === null ? null : [patternOf(length)];
      const body = credentialBody('k', { ...facts, parent, service: 's', repositories, alsoPull: [] });
      return formatCredential(body, Buffer.alloc(32, 7))?.reveal() ?? [];
    });
    expect(sealed.at(-1)?.length).toBeGreaterThan(MAX_CREDENTIAL_LENGTH - 4);
    for (const value of sealed) expect(value).toMatch(new RegExp(`^${expression}$`));
  });

  it('names every member of a service with its default', () => {
    const section = README.split(/^### /m).find(part => part.startsWith('Services\n')) ?? '';
    const members = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    const [service = {}] = v.parse(SERVICES_FILE, [{ name: 'localhost:5000' }]);
    expect(new Set(members)).toEqual(new Set(Object.keys(service)));
  });

  it('shows files that the configuration takes', () => {
    const [services = ''] = blocks('Services', 'json');
    const [issuers = ''] = blocks('IAM', 'json');
    expect(v.parse(SERVICES_FILE, JSON.parse(services))).toHaveLength(2);
    const secret = join(mkdtempSync(join(tmpdir(), 'pullpass-readme-')), 'secret');
    writeFileSync(secret, 'secret');
    const here = issuers.replace('/run/secrets/iam-client', secret);
    expect(v.parse(ISSUERS_FILE, JSON.parse(here))).toMatchObject({
      iam: [{ key: 'corp' }],
      aws: { key: 'aws' },
      workloads: [{ key: 'github' }],
    });
  });

  it('quotes what the users of real clients read', () => {
    const texts = [LOGIN_REFUSED, SECRET_REFUSED, PUSH_REFUSED, PULL_REFUSED, FOREIGN_PUSH_REFUSED];
    const missing = texts.flatMap(Object.values<string>).filter(text => !README.includes(text));
    expect(missing).toEqual([]);
    expect(README).toContain(ERRORS.unauthenticated.detail);
  });
});

it('names tests and documents that are there', () => {
  const named = [...README.matchAll(/`(test\/[\w./-]+)`|\]\(([\w./-]+\.md)/g)].map(
    ([, test, page]) => test ?? page ?? '',
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter(path => !existsSync(join(import.meta.dirname, '..', path)))).toEqual([]);
});
