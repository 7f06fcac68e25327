/** The parsers, each with a second opinion that shares no code with it. */
import { BlockList, isIP } from 'node:net';
import { readCursor, writeCursor } from '../../lib/api/parameters.ts';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { parseScopes } from '../../lib/domain/access.ts';
import { parseChallenges } from '../../lib/domain/distribution.ts';
import { grant, type Permission } from '../../lib/domain/grant.ts';
import { parseAdministrator } from '../../lib/domain/identity.ts';
import { parseRegistrationRule } from '../../lib/domain/namespace.ts';
import { parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { coveringPatterns, isNamespace, isPattern, isRepository } from '../../lib/domain/repository.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { parseAuthorization } from '../../lib/http/credentials.ts';
import { MAX_FIELDS, parseForm } from '../../lib/http/form.ts';
import { createRouter } from '../../lib/http/router.ts';
import { failureLimiter } from '../../lib/limits/rate-limiter.ts';
import { fromTokenItem, toTokenAttributes } from '../../lib/store/token-items.ts';
import {
  reaches,
  readsAsNamespace,
  readsAsPattern,
  readsAsRepository,
} from '../domain/oracles/repository.ts';
import { readScopes } from '../domain/oracles/scope.ts';
import { aToken } from '../support/records.ts';
import { readJson } from './oracles/json.ts';
import { readToken, withChecksum } from './oracles/token.ts';
import { agree, orRefused, type Target } from './target.ts';

const form: Target = {
  share: 110,
  seeds: [
    'grant_type=password&username=token&password=plp_x%2By',
    'scope=a+b&scope=c&service=localhost%3A5000',
    '',
    '&&',
    'a=b=c',
  ],
  fragments: ['scope=', '&', '=', '+', '%20', '%C3%A9', '%e2%82%ac', '%F0%9F%98%80'],
  check(text) {
    const read = (form: string | Buffer) =>
      orRefused(() => [...parseForm(form)].flatMap(([name, values]) => values.map(value => [name, value])));
    const expected = text.split('&').length > MAX_FIELDS ? undefined : formByUrl(text);
    // A lone surrogate has no bytes of its own.
    if (text.isWellFormed()) agree(read(Buffer.from(text)), expected);
    return agree(read(text), expected);
  },
};

/** By the form decoder of WHATWG URL, which repairs what is broken; decodeURIComponent says whether it is. */
function formByUrl(text: string): string[][] | undefined {
  try {
    decodeURIComponent(text.replaceAll('+', ' ').replaceAll(/[&=]/g, ''));
    for (const part of text.split(/[&=]/)) decodeURIComponent(part);
  } catch {
    return undefined;
  }
  const pairs = [...new URLSearchParams(`?${text}`)];
  const names = [...new Set(pairs.map(([name]) => name))];
  return names.flatMap(name => pairs.filter(([other]) => other === name));
}

const json: Target = {
  share: 110,
  seeds: [
    '{"access":"push","repositories":["team/app","team/*"],"nonExpiring":true}',
    '[1,-2.5e+3,"\\u00e9\\n",null,{"a":{}}]',
    '{"a":1,"b":[[{}]]}',
    '"x"',
  ],
  fragments: [
    '{"a":1}',
    ',"a":2',
    '"\\u0061":',
    '[',
    ']',
    '\\ud800',
    '-0',
    '0.1',
    'E-7',
    ' \n',
    '"__proto__":1,',
  ],
  check(text) {
    const read = orRefused(() => ({ value: parseStrictJson(text) }));
    const expected = readJson(text);
    const isRead = expected !== undefined && !expected.isAmbiguous;
    return agree(
      read && JSON.stringify(read),
      isRead ? JSON.stringify({ value: expected.value }) : undefined,
    );
  },
};

const names: Target = {
  share: 130,
  seeds: ['team/app', 'team-a/web.x/y__z', 'team/*', 'a0/b-c--d/*', 'te', `${'ab/'.repeat(84)}cd`],
  fragments: ['/', '.', '_', '__', '-', '/*', 'x', 'X'],
  check(text) {
    const read = [isNamespace(text), isRepository(text), isPattern(text)];
    agree(read, [readsAsNamespace(text), readsAsRepository(text), readsAsPattern(text)]);
    return read.includes(true);
  },
};

const matching: Target = {
  share: 100,
  seeds: [
    'team/* team/app',
    'team/app team/app',
    'team/a/* team/a/b/c',
    'tea/* team/app',
    'team/* team-evil/app',
  ],
  fragments: ['team', '/app', '/*', '-evil', '/', ' team/'],
  check(text) {
    const [pattern = '', repository = '', ...more] = text.split(' ');
    if (more.length > 0 || !readsAsPattern(pattern) || !readsAsRepository(repository)) return false;
    const isMatch = coveringPatterns(repository).includes(pattern);
    agree(isMatch, reaches(pattern, repository));
    return isMatch;
  },
};

/** Two tenants, of which the caller owns one; pull everywhere in it, push below one prefix. */
const PERMISSIONS: readonly Permission[] = [
  { repositories: null, actions: new Set(['pull']) },
  { repositories: ['team/ci/*', 'team/app'], actions: new Set(['pull', 'push']) },
];
const scopes: Target = {
  share: 100,
  seeds: [
    'repository:team/app:pull,push',
    'repository(plugin):team/ci/x:push repository:team/y:*',
    'registry:catalog:* repository:rival/app:pull',
  ],
  fragments: [
    'repository:',
    'team/',
    'rival/',
    ':pull',
    ',push',
    ',delete',
    '*',
    ' ',
    'registry:',
    '(plugin)',
  ],
  check(text) {
    const requested = orRefused(() => parseScopes([text]));
    const read = requested?.map(({ type, name, actions }) => ({ type, name, actions: [...actions] }));
    agree(read, isTooMuch(text) ? undefined : readScopes([text]));
    if (requested === undefined) return false;
    const granted = grant(requested, PERMISSIONS, new Set(['team']));
    const expected = readScopes([text]).flatMap(({ type, name, actions }) => {
      if (type !== 'repository' || !readsAsRepository(name) || name.split('/')[0] !== 'team') return [];
      const mayPush = name === 'team/app' || reaches('team/ci/*', name);
      const wanted = (action: string) => actions.includes(action) || actions.includes('*');
      const given = [...(wanted('pull') ? ['pull'] : []), ...(mayPush && wanted('push') ? ['push'] : [])];
      return given.length === 0 ? [] : [{ type, name, actions: given }];
    });
    agree(granted, expected);
    return granted.length > 0;
  },
};

/** More scopes, resources or actions than one login may have. */
function isTooMuch(text: string): boolean {
  const written = text.split(' ');
  const merged = readScopes([text]);
  return (
    written.length > 256 ||
    merged.length > 100 ||
    merged.some(({ actions }) => actions.length > 10) ||
    written.some(scope => readScopes([scope]).length > 0 && /(?:,[^:,]*){10}$/.test(scope))
  );
}

const TOKEN = withChecksum(`plp_${'0123456789abcdef'}${'01FrTIV5Cn8Qx3bG7LmZpW'}${'5'.repeat(43)}`);
const tokens: Target = {
  share: 60,
  seeds: [TOKEN, withChecksum(`plp_${'Z'.repeat(81)}`), withChecksum(`plp_${'0'.repeat(81)}`)],
  fragments: ['plp_', '0', 'zz', '7n'],
  repair: (text, chance) => (chance.below(3) === 0 ? text : withChecksum(text.padEnd(85, 'A'))),
  check: text => agree(parseRegistryToken(new Secret(text)), readToken(text)),
};

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const authorization: Target = {
  share: 80,
  seeds: [
    basic('token:plp_abc'),
    basic('iamapikey:a:b:ü'),
    basic(':'),
    'Bearer eyJhbGciOi.J9.x',
    'basic  dXNlcjo=',
  ],
  fragments: ['Basic ', 'Bearer ', '=', '==', ' ', ':', 'Og==', '/w==', 'w6k='],
  check(text) {
    const read = orRefused(() => parseAuthorization(text));
    if (read === undefined) return agree(undefined, authorizationByHand(text));
    const { scheme } = read;
    const parts = scheme === 'basic' ? [read.userName, read.password.reveal()] : [read.token.reveal()];
    return agree([scheme, ...parts], authorizationByHand(text));
  },
};

function authorizationByHand(text: string): string[] | undefined {
  const space = text.indexOf(' ');
  const [scheme, value] = [
    text.slice(0, Math.max(0, space)).toLowerCase(),
    text.slice(space).replace(/^ +/, ''),
  ];
  const isVisible = value !== '' && [...value].every(character => character > ' ' && character < '\x7f');
  if (!isVisible) return undefined;
  if (scheme === 'bearer') return [scheme, value];
  if (scheme !== 'basic') return undefined;
  try {
    const bytes = atob(value);
    if (btoa(bytes) !== value) return undefined;
    const pair = decodeURIComponent(
      [...bytes].map(byte => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`).join(''),
    );
    const [userName = '', ...rest] = pair.split(':');
    return rest.length === 0 ? undefined : [scheme, userName, rest.join(':')];
  } catch {
    return undefined;
  }
}

const router = createRouter(ALL_ROUTES);
const routes: Target = {
  share: 80,
  seeds: ALL_ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, 'localhost:5000')}`),
  fragments: ['/', '//', '/..', '%2f', '?', 'GET ', '{id}', '/v1', '.json'],
  check(text) {
    const [method = '', path = ''] = [text.slice(0, text.indexOf(' ')), text.slice(text.indexOf(' ') + 1)];
    const read = orRefused(() => router.match(method, path));
    return agree(read && [read.route.path, { ...read.params }], routeBySegments(method, path));
  },
};

function routeBySegments(method: string, path: string): unknown {
  const segments = path.split('/');
  for (const { method: routeMethod, path: template } of ALL_ROUTES) {
    const wanted = template.split('/');
    const isNamed = (segment: string) => segment.startsWith('{');
    const fits =
      wanted.length === segments.length &&
      wanted.every((segment, i) => (isNamed(segment) ? segments[i] !== '' : segment === segments[i]));
    if (!fits || routeMethod !== method) continue;
    const params = wanted.flatMap((segment, i) =>
      isNamed(segment) ? [[segment.slice(1, -1), segments[i]?.slice(0, 512)]] : [],
    );
    return [template, Object.fromEntries(params)];
  }
  return undefined;
}

const addresses: Target = {
  share: 40,
  seeds: [
    '198.51.100.1 198.51.100.1',
    '2001:db8::1 2001:db8::2',
    '2001:db8:1:2:3:4:5:6 2001:db8:1:2::9',
    '::1 ::2',
    '::ffff:198.51.100.1 198.51.100.1',
  ],
  fragments: ['2001:db8', '::', ':0', ':1', ' ', '0', 'f', '198.51.100.'],
  check(text) {
    const [first = '', second = '', ...more] = text.split(' ').map(plainAddress);
    if (more.length > 0 || isIP(first) === 0 || isIP(second) === 0 || text.includes('%')) return false;
    const failed = failureLimiter(1).fail;
    failed(first, 0);
    const isOneSource = failed(second, 0) !== undefined;
    const block = new BlockList();
    block.addSubnet(first, isIP(first) === 4 ? 32 : 64, isIP(first) === 4 ? 'ipv4' : 'ipv6');
    const isSame = isIP(first) === isIP(second) && block.check(second, isIP(second) === 4 ? 'ipv4' : 'ipv6');
    agree(isOneSource, isSame);
    return isOneSource;
  },
};

/** As the platforms write addresses: lower case, no leading zeros; an IPv4 address in IPv6, however it is spelled, as IPv4. */
function plainAddress(address: string): string {
  if (isIP(address) !== 6) return address;
  const plain = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1);
  const [, ...words] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (words.length === 0) return plain;
  return words.flatMap(word => [...Buffer.from(word.padStart(4, '0'), 'hex')]).join('.');
}

const ACCOUNT = 'dev:acme';
const cursors: Target = {
  share: 30,
  seeds: [
    writeCursor(ACCOUNT, '0198a000-0000-7000-8000-000000000001'),
    writeCursor(ACCOUNT, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
  ],
  fragments: ['0', 'z'],
  check(text) {
    const id = orRefused(() => readCursor(ACCOUNT, text));
    return id === undefined ? false : agree(writeCursor(ACCOUNT, id), text);
  },
};

const administrators: Target = {
  share: 50,
  seeds: [
    'ibm:acct-1:IBMid-2700',
    'aws:aws:123456789012:arn:aws:iam::123456789012:role/ci',
    'dev:acme:alice',
  ],
  fragments: [':', 'aws:', 'aws-cn:', 'x', '/'],
  check(text) {
    const read = parseAdministrator(text);
    if (read === undefined) return false;
    const issuer = text.split(':', 1).join('');
    agree(
      [read.account, read.subject].every(name => name.startsWith(`${issuer}:`)),
      true,
    );
    return agree(`${read.account}:${read.subject.slice(issuer.length + 1)}`, text);
  },
};

const rules: Target = {
  share: 40,
  seeds: ['dev:acme=team-*', 'ibm:a=b=team', 'dev:acme=*', 'aws:aws:123456789012=infra'],
  fragments: ['=', ':', '*', 'team'],
  check(text) {
    const read = parseRegistrationRule(text);
    return read === undefined ? false : agree(`${read.account}=${read.pattern}`, text);
  },
};

const challenges: Target = {
  share: 40,
  seeds: [
    'Bearer realm="https://pullpass.example/oauth/token",service="localhost:5000",scope="repository:a/b:pull"',
    'Basic realm="x", Bearer realm="y\\"z"',
    'Negotiate abc==',
  ],
  fragments: ['Bearer ', 'realm=', '"', ',', ', ', '\\"', 'service=', '=', '\t'],
  check(text) {
    const read = parseChallenges(text);
    if (read === undefined) return false;
    const written = read.map(({ scheme, parameters }) => {
      const pairs = [...parameters].map(([name, value]) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"`);
      return `${scheme} ${pairs.join(', ')}`.trim();
    });
    return agree(parseChallenges(written.join(', ')), read);
  },
};

const RECORD = aToken({
  disabled: { at: 1, by: 'dev:bob' },
  previous: { hash: Buffer.alloc(32, 1), expiresAt: 9 },
  repositories: ['team/*'],
});
const ITEM = toTokenAttributes(RECORD);
const items: Target = {
  share: 30,
  seeds: [
    '{}',
    ...Object.keys(ITEM).map(name => `{"${name}":null}`),
    '{"expiresAt":"9"}',
    '{"access":"pull"}',
  ],
  fragments: [
    ...Object.keys(ITEM).map(name => `"${name}":`),
    '1',
    '"pull"',
    '["team/app"]',
    '""',
    'null',
    ',',
    '-1',
    '"dev:x"',
  ],
  check(text) {
    const changes = readJson(text)?.value;
    if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) return false;
    const merged = Object.entries({ ...ITEM, ...changes }).filter(([, value]) => value !== null);
    const item = { pk: 'account#x', sk: 'token#y', ...Object.fromEntries(merged) } as Parameters<
      typeof fromTokenItem
    >[0];
    const record = orRefused(() => fromTokenItem(item));
    if (record === undefined) return false;
    const known = merged.filter(([name]) => Object.hasOwn(ITEM, name) || name in toTokenAttributes(record));
    // An item of before that time was recorded: its first value is as old as the token.
    const first = item.generation === 1 ? { valueIssuedAt: item.createdAt } : {};
    return agree({ ...toTokenAttributes(record) }, { ...first, ...Object.fromEntries(known) });
  },
};

export const PARSERS: Readonly<Record<string, Target>> = {
  'form of a request': form,
  'strict JSON': json,
  'names and patterns': names,
  'match of a pattern': matching,
  'scopes and their grant': scopes,
  'registry tokens': tokens,
  'Authorization header': authorization,
  routes: routes,
  'source addresses': addresses,
  cursors,
  administrators,
  'registration rules': rules,
  'challenges of registries': challenges,
  'stored tokens': items,
};
