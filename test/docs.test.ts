/** The README and docs/, held against the code that they describe. */
import { existsSync, globSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../cli/kubelet/arguments.ts';
import { ALL_ROUTES } from '../lib/api/routes.ts';
import { VARIABLES } from '../lib/config/config.ts';
import { ISSUERS_FILE } from '../lib/config/issuers.ts';
import { SERVICES_FILE } from '../lib/config/services.ts';
import { credentialBody, formatCredential, MAX_CREDENTIAL_LENGTH } from '../lib/domain/credential.ts';
import { ERRORS } from '../lib/domain/error-codes.ts';
import { formatRegistryToken } from '../lib/domain/registry-token.ts';
import * as v from '../lib/domain/schema.ts';
import { CLIENTS, versionOf } from './e2e/support/matrix/programs.ts';
import { PROXY_TEXTS, type ProxyTexts } from './e2e/support/matrix/proxy-texts.ts';
import {
  FOREIGN_PUSH_REFUSED,
  LOGIN_REFUSED,
  PULL_REFUSED,
  PUSH_REFUSED,
  SECRET_REFUSED,
} from './e2e/support/texts.ts';

const ROOT = join(import.meta.dirname, '..');
/** The documents that this project keeps, by their path. */
const DOCUMENTS = new Map(
  globSync(['*.md', 'docs/**/*.md', 'cli/*.md', 'infra/*.md'], { cwd: ROOT }).map(path => [
    path,
    readFileSync(join(ROOT, path), 'utf8'),
  ]),
);
const README = documentAt('README.md');
const API = documentAt('docs/api.md');
const CONFIGURATION = documentAt('docs/configuration.md');

/** What package-lock.json says of each package. */
interface Lock {
  readonly packages: Record<string, { dev?: boolean; os?: string[]; cpu?: string[]; libc?: string[] }>;
}

function documentAt(path: string): string {
  const text = DOCUMENTS.get(path);
  if (text === undefined) throw new Error(`${path} is missing`);
  return text;
}

/** The cells of every table row of a document whose first cell is code. */
function rowsOf(document: string): string[][] {
  return document
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|').map(cell => cell.trim()));
}

/** The part of a document below a heading, up to the next one of the same or a higher level. */
function section(document: string, heading: string): string {
  const [, level = '', rest = ''] = new RegExp(`^(#+) ${heading}\\n(.*)`, 'ms').exec(document) ?? [];
  return rest.split(new RegExp(`^#{1,${level.length}} `, 'm'))[0] ?? '';
}

/** The fenced blocks of a language in a text. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)]
    .filter(([, found]) => found === language)
    .map(([, , body]) => body ?? '');
}

describe('docs/configuration.md', () => {
  it('names every variable with its default, and no other', () => {
    const rows = rowsOf(CONFIGURATION).filter(([, name]) => /^`(PULLPASS_\w+|PORT)`$/.test(name ?? ''));
    const documented = rows.map(([, name, absent]) => [name, absent === '' ? undefined : absent]);
    const known = VARIABLES.map(({ variable, absent }) => [`\`${variable}\``, absent && `\`${absent}\``]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(known));
    expect(documented).toHaveLength(known.length);
  });

  it('names every member of a service with its default', () => {
    const [text = '', proxied = ''] = section(CONFIGURATION, 'Services').split('### Upstreams');
    const [upstreams = '', ecr = ''] = proxied.split('#### ECR');
    const defaults = (of: string) => Object.fromEntries(rowsOf(of).map(([, name, absent]) => [name, absent]));
    const [service = {}] = v.parse(SERVICES_FILE, [{ name: 'localhost:5000' }]);
    const known = Object.entries(service).map(([name, value]) => [
      `\`${name}\``,
      name === 'name' ? '' : name === 'registry' ? 'the name' : `\`${String(value)}\``,
    ]);
    expect(defaults(text)).toEqual({ ...Object.fromEntries(known), '`upstream`': '', '`notifications`': '' });
    expect(defaults(upstreams)).toEqual({
      '`url`': '',
      '`prefix`': 'none',
      '`authentication`': '`"none"`',
      '`tokenHost`': '',
    });
    expect(Object.keys(defaults(ecr))).toEqual(['`kind`', '`region`', '`roleArn`', '`externalId`']);
  });

  it('shows files that the configuration takes', () => {
    const [services = ''] = blocks(section(CONFIGURATION, 'Services'), 'json');
    const [issuers = ''] = blocks(section(CONFIGURATION, 'Issuers'), 'json');
    expect(v.parse(SERVICES_FILE, JSON.parse(services))).toHaveLength(2);
    const secret = join(mkdtempSync(join(tmpdir(), 'pullpass-docs-')), 'secret');
    writeFileSync(secret, 'secret');
    const here = issuers.replace('/run/secrets/iam-client', secret);
    expect(v.parse(ISSUERS_FILE, JSON.parse(here))).toMatchObject({
      iam: [{ key: 'corp' }],
      aws: { key: 'aws' },
      workloads: [{ key: 'github' }],
    });
  });
});

describe('docs/build-farm.md', () => {
  it('shows the kubelet arguments that the plugin takes, for the registries whose images it matches', () => {
    const list = (member: string) =>
      new RegExp(`^ *${member}: \\[(.*)\\]$`, 'm').exec(documentAt('docs/build-farm.md'))?.[1]?.split(', ') ??
      [];
    const registries = list('matchImages');
    expect(registries).toHaveLength(2);
    expect(readArguments(list('args'))).toMatchObject({ url: 'https://pullpass.example.com', registries });
  });
});

describe('docs/registry-proxy.md', () => {
  it('quotes what each client prints, and no other', () => {
    const rows = section(documentAt('docs/registry-proxy.md'), 'What clients print')
      .split('\n')
      .filter(line => line.startsWith('| ') && line.includes('`'))
      .map(line =>
        line
          .split('|')
          .map(cell => cell.trim())
          .slice(1, -1),
      );
    const documented = rows.flatMap(([names = '', ...cells]) =>
      names.split(', ').map(name => [name, cells.map(cell => /^`(.*)`$/.exec(cell)?.[1])] as const),
    );
    const printed = Object.entries<ProxyTexts>(PROXY_TEXTS).map(
      ([name, { repository, tag, push, ended, down, limit }]) =>
        [name, [repository, tag, push, ended, down, limit]] as const,
    );
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(printed));
  });
});

describe('docs/api.md', () => {
  it('names every route of the table, and no other', () => {
    const documented = rowsOf(API).flatMap(
      ([, cell]) => /^`((?:GET|POST|PUT|PATCH|DELETE) \S+)`$/.exec(cell ?? '')?.[1] ?? [],
    );
    const tabulated = ALL_ROUTES.filter(({ authentication }) => authentication !== 'login');
    expect(documented.sort()).toEqual(tabulated.map(({ method, path }) => `${method} ${path}`).sort());
    const login = ALL_ROUTES.filter(({ authentication }) => authentication === 'login').map(
      ({ path }) => path,
    );
    expect(login.filter(path => !API.includes(path))).toEqual([]);
  });

  it('gives the expression by which a leaked token is found', () => {
    const [, expression = ''] = /^(plp_\[.*\})$/m.exec(API) ?? [];
    const value = formatRegistryToken('dev:dev', '01a1fd49-4a6c-7d65-a6e0-bc414b35f7c0', Buffer.alloc(32, 7));
    expect(value.reveal()).toMatch(new RegExp(`^${expression}$`));
  });

  it('gives the expression by which a leaked credential is found, the shortest and the longest too', () => {
    const [, expression = ''] = /^(plc_\[.*\})$/m.exec(API) ?? [];
    const facts = { jti: 'j'.repeat(22), handle: 'h'.repeat(16), access: 'pull', endsAt: 1e9 } as const;
    const parent = { kind: 'identity', subject: 'a:b', policies: null } as const;
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
});

describe('docs/registries-and-clients.md', () => {
  it('lists the clients that are tried, with their versions', () => {
    const [, , ...rows] =
      section(documentAt('docs/registries-and-clients.md'), 'Clients').match(/^\|.*$/gm) ?? [];
    const documented = rows.map(row => row.split(' | ').slice(0, 4).join(' | '));
    const tried = CLIENTS.map(client =>
      [`| ${client.name}`, client.source, versionOf(client), client.ci ? 'yes' : 'no'].join(' | '),
    );
    expect(documented).toEqual(tried);
  });

  it('quotes what the users of real clients read', () => {
    const document = documentAt('docs/registries-and-clients.md');
    const texts = [LOGIN_REFUSED, SECRET_REFUSED, PUSH_REFUSED, PULL_REFUSED, FOREIGN_PUSH_REFUSED];
    const missing = texts.flatMap(Object.values<string>).filter(text => !document.includes(text));
    expect(missing).toEqual([]);
    expect(document).toContain(ERRORS.unauthenticated.detail);
  });
});

/** Options that curl 7.74 has, which Debian 11 ships: `--json` came with 7.82, `--fail-with-body` with 7.76. */
const CURL_OPTIONS = ['-sS', '-u', '-X', '-H', '-d', '-o', '-w', '--config', '--data-urlencode'];

describe('the curl commands of the guides', () => {
  const commands = [...DOCUMENTS].flatMap(([path, text]) =>
    [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block = '']) =>
      curlCommands(block).map(command => [path, command]),
    ),
  );

  it('are found', () => expect(commands.length).toBeGreaterThan(12));

  it.each(commands)('%s: %s', (_, command = '') => {
    const options = [...command.matchAll(/ (--?[A-Za-z][\w-]*)/g)].map(([, option = '']) => option);
    expect(options.filter(option => !CURL_OPTIONS.includes(option))).toEqual([]);
    // Alone, -f would hide the reason of a refusal.
    expect(options).toContain('-sS');
  });
});

/** From `curl` to the end of the command, with lines that end in a backslash joined. */
function curlCommands(block: string): string[] {
  const joined = block.replaceAll(/\\\n\s*/g, '');
  return [...joined.matchAll(/\bcurl -[^|]*/g)].map(([command]) => command.trim());
}

describe('the README', () => {
  it('is at most 150 lines long', () => {
    expect(README.split('\n').length).toBeLessThanOrEqual(151);
  });

  it('says how many packages are installed, with and without what only development needs', () => {
    const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
    const here = Object.values(lock.packages).filter(
      ({ os = [], cpu = [], libc = [] }) =>
        [os].flat().every(name => name === 'linux') &&
        [cpu].flat().every(name => name === 'x64') &&
        [libc].flat().every(name => name === 'glibc'),
    );
    const [, some, all] = /(\d+) packages and\s+\d+ MB instead of (\d+)/.exec(README) ?? [];
    expect(Number(all) / here.length).toBeCloseTo(1, 1);
    expect(Number(some) / here.filter(({ dev }) => dev !== true).length).toBeCloseTo(1, 1);
  });

  it('leads to every document', () => {
    const reached = new Set(['README.md']);
    for (const path of reached) {
      for (const [, target = ''] of documentAt(path).matchAll(LINK)) {
        const linked = join(dirname(path), target.split('#')[0] ?? '');
        if (DOCUMENTS.has(linked)) reached.add(linked);
      }
    }
    // The README of the packed command line is for those who install it.
    expect([...DOCUMENTS.keys()].filter(path => !reached.has(path) && path !== 'cli/README.md')).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('names functions that are in the files that it links', () => {
    const document = documentAt('docs/architecture.md');
    const rows = section(document, 'Where is …').split('\n');
    const named = rows.flatMap(row => {
      const files = [...row.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file = '']) => file);
      return [...row.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ name, files }));
    });
    expect(named.length).toBeGreaterThan(3);
    for (const { name, files } of named) {
      const found = files.some(file =>
        new RegExp(`function ${name}\\b`).test(readFileSync(join(ROOT, file), 'utf8')),
      );
      expect(found, `${name} in ${files.join(' or ')}`).toBe(true);
    }
  });
});

/** Downloaded text in a shell or an interpreter. */
const PIPED =
  /\| *(?:sudo )?(?:\/\w+)*\/?(?:ba|z|da|k|fi)?sh\b|\| *(?:python3?|perl)\b|<\(curl|(?:eval|sh -c) "?\$\(curl/;

it('no text that the programs print or the build writes pipes downloaded text into a shell', () => {
  const files = globSync(
    ['{cli,local,lib,infra,functions,cdk,deployment}/**/*.{ts,mjs,json,yml,yaml,sh}', 'serverless.yml'],
    { cwd: ROOT },
  ).filter(file => !file.includes('node_modules'));
  expect(files.length).toBeGreaterThan(200);
  expect(files.filter(file => PIPED.test(readFileSync(join(ROOT, file), 'utf8')))).toEqual([]);
});

describe('the table of caches', () => {
  it('names every file that remembers something between requests', () => {
    const table = section(documentAt('docs/architecture.md'), 'Caches');
    const remembering =
      /new LRUCache|\brefreshing\(\{|\bisYounger\(|const touched = |const buckets = |takesBasic = /;
    const files = globSync('{lib,local,cli}/**/*.ts', { cwd: ROOT }).filter(
      file => file !== 'lib/cache/refreshing.ts' && remembering.test(readFileSync(join(ROOT, file), 'utf8')),
    );
    expect(files.length).toBeGreaterThan(14);
    expect(files.filter(file => !table.includes(`\`${file}\``))).toEqual([]);
  });
});

describe('SECURITY.md', () => {
  it('names a test for each bound, by its file and its words', () => {
    const [, ...rows] = section(documentAt('SECURITY.md'), 'Bounds').match(/^\| .*$/gm) ?? [];
    const bounds = rows.map(row => row.split(' | '));
    expect(bounds.length).toBeGreaterThan(20);
    for (const [bound = '', test = ''] of bounds) {
      const [, file = '', words = ''] = /^`(test\/[^`]+)`: (.+?) \|$/.exec(test) ?? [];
      expect(file, bound).not.toBe('');
      expect(readFileSync(join(ROOT, file), 'utf8'), bound).toContain(words);
    }
  });
});

/** A link to a file of this project, with or without a heading. */
const LINK = /\]\((?!https?:)([^)\s]+)\)/g;

/** The anchors that GitHub makes of a document's headings. */
function anchorsOf(document: string): Set<string> {
  return new Set(
    [...document.replaceAll(/^```.*?^```/gms, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe.each([...DOCUMENTS])('%s', (path, document) => {
  it('links only to files and headings that are there', () => {
    const broken = [...document.matchAll(LINK)].flatMap(([, link = '']) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(ROOT, target))) return [link];
      const linked = DOCUMENTS.get(target);
      return anchor === undefined || linked === undefined || anchorsOf(linked).has(anchor) ? [] : [link];
    });
    expect(broken).toEqual([]);
  });

  it('pipes no downloaded text into a shell', () => {
    expect(document).not.toMatch(PIPED);
  });

  it('names only files of the source that are there', () => {
    const named = [...document.matchAll(/`((?:test|lib|functions|local|cli|infra|docs|bench)\/[\w./-]+)`/g)];
    const missing = named.map(([, file = '']) => file).filter(file => !existsSync(join(ROOT, file)));
    expect(missing).toEqual([]);
  });
});
