/** The configuration: what stops a start, all of it at once, by the names of the variables. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError, readConfig, VARIABLES } from '../lib/config/config.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-config-'));
});
afterAll(() => rm(directory, { recursive: true }));

let files = 0;
async function fileOf(content: unknown): Promise<string> {
  const path = join(directory, `${files++}.json`);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

type Names = Parameters<typeof readConfig>[0];
const problemsOf = (names: Names, environment: Record<string, string>): readonly string[] => {
  try {
    readConfig(names, environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
};

const SERVICE = {
  name: 'localhost:5000',
  registry: 'localhost:5000',
  profile: 'x5c',
  algorithm: 'ES256',
  lifetimeSeconds: 300,
};
const ISSUER = {
  key: 'dev',
  issuer: 'https://iam.example',
  keysUrl: 'https://iam.example/keys',
  tokenUrl: 'https://iam.example/token',
  audience: 'https://pullpass.example',
};

describe('a configuration', () => {
  it('has defaults for all that can have one', () => {
    const config = readConfig(
      [
        'table',
        'services',
        'issuers',
        'administrators',
        'namespaces',
        'failuresPerMinute',
        'valueRetrieval',
        'weakManagement',
        'auditDays',
        'port',
        'host',
        'data',
      ],
      {},
    );
    expect(config).toEqual({
      table: 'pullpass',
      services: [SERVICE],
      issuers: { iam: [], aws: null, workloads: [] },
      administrators: [],
      namespaces: 'open',
      failuresPerMinute: 100,
      valueRetrieval: 'on',
      weakManagement: 'refuse',
      auditDays: 365,
      port: 8080,
      host: '127.0.0.1',
      data: '.pullpass',
    });
  });

  it('reports every problem at once, each with the name of its variable', () => {
    const problems = problemsOf(['url', 'keys', 'failuresPerMinute', 'valueRetrieval', 'administrators'], {
      PULLPASS_ULR: 'http://localhost',
      PULLPASS_TABLE: '',
      PULLPASS_SERVICE: 'a',
      PULLPASS_SERVICES: 'b',
      PULLPASS_FAILURES_PER_MINUTE: 'many',
      PULLPASS_VALUE_RETRIEVAL: 'yes',
      PULLPASS_ADMINISTRATORS: 'dev:acme:alice bob',
    });
    expect(problems).toEqual([
      'PULLPASS_ULR is not a known variable',
      'PULLPASS_TABLE is empty',
      'PULLPASS_SERVICE and PULLPASS_SERVICES are both set: remove one',
      'PULLPASS_URL is missing',
      'PULLPASS_KEYS is missing',
      'PULLPASS_FAILURES_PER_MINUTE must be a whole number',
      'PULLPASS_VALUE_RETRIEVAL must be on or off',
      'PULLPASS_ADMINISTRATORS holds bob; write each entry as <issuer>:<account>:<subject>',
    ]);
  });

  it('ignores the variables of the command', () => {
    const environment = {
      PULLPASS_HOME: '',
      PULLPASS_TARGET: 'eu',
      PULLPASS_APIKEY: 'a-key',
      PULLPASS_OIDC_TOKEN: 'a-token',
    };
    expect(problemsOf([], environment)).toEqual([]);
  });

  it('reports an empty variable once', () => {
    for (const { variable } of VARIABLES.filter(entry => entry.variable !== 'PORT')) {
      const names = [
        'url',
        'table',
        'services',
        'keys',
        'derivationKey',
        'issuers',
        'administrators',
        'namespaces',
      ] as const;
      const given = {
        PULLPASS_URL: 'http://x',
        PULLPASS_KEYS: 'file:/k',
        PULLPASS_DERIVATION_KEY: 'file:/d',
        [variable]: '',
      };
      expect(problemsOf(names, given)).toEqual([`${variable} is empty`]);
    }
    expect(problemsOf(['port'], { PORT: '' })).toEqual(['PORT is empty']);
  });

  it('knows nothing of the variables of others', () => {
    expect(problemsOf(['table'], { PATH: '', pullpass_x: '1', XPULLPASS_Y: '', AWS_REGION: '' })).toEqual([]);
  });

  it('prints its problems a line each', () => {
    expect(() => readConfig(['url', 'keys'], {})).toThrow(
      'The configuration is not valid:\n  PULLPASS_URL is missing\n  PULLPASS_KEYS is missing',
    );
  });
});

describe('PULLPASS_URL', () => {
  it.each(['https://pullpass.example', 'http://localhost:8080', 'https://[::1]:8443'])('may be %s', url => {
    expect(readConfig(['url'], { PULLPASS_URL: url })).toEqual({ url });
  });

  it.each([
    ['a slash at the end', 'https://pullpass.example/'],
    ['capitals', 'HTTPS://Pullpass.EXAMPLE'],
    ['the port that it has anyway', 'https://pullpass.example:443'],
    ['blanks around it', ' https://pullpass.example\n'],
    ['all of that', ' https://PULLPASS.example:443/ '],
  ])('is the same with %s', (_, url) => {
    expect(readConfig(['url'], { PULLPASS_URL: url })).toEqual({ url: 'https://pullpass.example' });
  });

  const PATH =
    'must have no path, because the paths of registries and clients are fixed; write https://pullpass.example';
  it.each([
    ['a path', 'https://pullpass.example/x', PATH],
    ['two slashes at the end', 'https://pullpass.example//', PATH],
    ['a query', 'https://pullpass.example?x', 'must have no query; write https://pullpass.example'],
    ['an empty query', 'https://pullpass.example/?', 'must have no query; write https://pullpass.example'],
    ['a fragment', 'https://pullpass.example/#x', 'must have no query; write https://pullpass.example'],
    [
      'credentials',
      'https://a:b@pullpass.example',
      'must have no user name or password; write https://pullpass.example',
    ],
    ['another scheme', 'ftp://pullpass.example', 'must begin with https:// or http://, not ftp://'],
    ['no scheme', 'pullpass.example', 'must begin with https:// or http://'],
    ['a host and a port alone', 'localhost:8080', 'must begin with https:// or http://'],
    ['no host', 'https://', 'must begin with https:// or http://'],
  ])('may not have %s', (_, url, problem) => {
    expect(problemsOf(['url'], { PULLPASS_URL: url })).toEqual([`PULLPASS_URL ${problem}`]);
  });
});

describe('a reference to a secret', () => {
  const KEY = '12345678-abcd-1234-abcd-1234567890ab';
  const [KEYS, CREDENTIAL, DERIVATION] = [
    'PULLPASS_KEYS must be file: and an absolute path, or the ARN that the secrets of all services begin with',
    'PULLPASS_CREDENTIAL_KEY must be file: and an absolute path, or the ARN of a secret without the six characters at its end',
    'PULLPASS_DERIVATION_KEY must be file: and an absolute path, or the ARN of a KMS key',
  ];

  it('is the path of a file', () => {
    const path = '/var/keys';
    const given = {
      PULLPASS_KEYS: `file:${path}`,
      PULLPASS_CREDENTIAL_KEY: `file:${path}`,
      PULLPASS_DERIVATION_KEY: `file:${path}`,
    };
    const file = { kind: 'file', path };
    const read = readConfig(['keys', 'credentialKey', 'derivationKey'], given);
    expect(read).toEqual({ keys: file, credentialKey: file, derivationKey: file });
  });

  it.each(['aws', 'aws-cn', 'aws-us-gov', 'aws-eusc', 'aws-iso-b'])(
    'is an ARN, taken apart: %s',
    partition => {
      const at = (rest: string) => `arn:${partition}:${rest}`;
      const given = {
        PULLPASS_KEYS: at('secretsmanager:eu-central-1:123456789012:secret:pullpass-dev'),
        PULLPASS_CREDENTIAL_KEY: at(
          'secretsmanager:eu-central-1:123456789012:secret:pullpass-dev/credential',
        ),
        PULLPASS_DERIVATION_KEY: at(`kms:eu-west-1:123456789012:key/${KEY}`),
      };
      expect(readConfig(['keys', 'credentialKey', 'derivationKey'], given)).toEqual({
        keys: {
          kind: 'secrets',
          region: 'eu-central-1',
          prefix: at('secretsmanager:eu-central-1:123456789012:secret:'),
          name: 'pullpass-dev',
        },
        credentialKey: {
          kind: 'secret',
          region: 'eu-central-1',
          prefix: at('secretsmanager:eu-central-1:123456789012:secret:'),
          name: 'pullpass-dev/credential',
        },
        derivationKey: {
          kind: 'kms-key',
          region: 'eu-west-1',
          prefix: at('kms:eu-west-1:123456789012:key/'),
          name: KEY,
        },
      });
    },
  );

  const [SECRET, KMS] = [
    'arn:aws:secretsmanager:eu-central-1:123456789012:secret:',
    'arn:aws:kms:eu-central-1:123456789012:',
  ];
  it.each<['keys' | 'credentialKey' | 'derivationKey', string, string, string]>([
    ...['/var/keys', 'file:keys', 'arn:aws:x', '-----BEGIN PRIVATE KEY-----', `${SECRET}a/`, `${SECRET}`].map(
      (value): ['keys', string, string, string] => ['keys', 'PULLPASS_KEYS', value, KEYS],
    ),
    ...[`${SECRET}a*`, `${SECRET}a//b`, `${SECRET}a b`, `${KMS}key/${KEY}`, `${SECRET}a\n`].map(
      (value): ['keys', string, string, string] => ['keys', 'PULLPASS_KEYS', value, KEYS],
    ),
    ...['AAAA', `${SECRET}pullpass-dev/credential-AbCd12`, `${KMS}key/${KEY}`].map(
      (value): ['credentialKey', string, string, string] => [
        'credentialKey',
        'PULLPASS_CREDENTIAL_KEY',
        value,
        CREDENTIAL,
      ],
    ),
    ...[`${KMS}alias/pullpass-dev`, `${KMS}key/`, `${KMS}key/${KEY}x`, `${SECRET}a`, KEY].map(
      (value): ['derivationKey', string, string, string] => [
        'derivationKey',
        'PULLPASS_DERIVATION_KEY',
        value,
        DERIVATION,
      ],
    ),
  ])('of %s is never a secret itself, or anything else: %s=%s', (name, variable, value, problem) => {
    expect(problemsOf([name], { [variable]: value })).toEqual([problem]);
  });

  it('of the ledger is the path of a directory, or the ARN of its table and nothing of that', () => {
    const arn = (rest: string) => `arn:aws:dynamodb:eu-central-1:123456789012:${rest}`;
    const ledgerOf = (value: string) => readConfig(['ledger'], { PULLPASS_LEDGER: value }).ledger;
    expect(ledgerOf('file:/var/ledger')).toEqual({ kind: 'file', path: '/var/ledger' });
    const table = {
      kind: 'table',
      region: 'eu-central-1',
      prefix: arn('table/'),
      name: 'pullpass-dev-ledger',
    };
    expect(ledgerOf(arn('table/pullpass-dev-ledger'))).toEqual(table);
    const problem = 'PULLPASS_LEDGER must be file: and an absolute path, or the ARN of a DynamoDB table';
    const others = [
      'pullpass-dev-ledger',
      'file:ledger',
      arn('table/x/index/y'),
      arn('table/'),
      arn('table/a*'),
    ];
    for (const value of others) expect(problemsOf(['ledger'], { PULLPASS_LEDGER: value })).toEqual([problem]);
  });

  it('has no default', () => {
    expect(problemsOf(['ledger'], {})).toEqual(['PULLPASS_LEDGER is missing']);
    expect(problemsOf(['credentialKey'], {})).toEqual(['PULLPASS_CREDENTIAL_KEY is missing']);
  });
});

describe('an endpoint of AWS', () => {
  it('may be given by the name that the SDK has for it', () => {
    const names = ['dynamoEndpoint', 'kmsEndpoint', 'secretsEndpoint', 'eventsEndpoint'] as const;
    const at = 'http://127.0.0.1:5000';
    const services = ['DYNAMODB', 'KMS', 'SECRETS_MANAGER', 'EVENTBRIDGE'];
    const given = Object.fromEntries(services.map(service => [`AWS_ENDPOINT_URL_${service}`, at]));
    expect(Object.values(readConfig(names, given))).toEqual([at, at, at, at]);
    expect(Object.values(readConfig(names, {}))).toEqual(Array(4).fill(undefined));
  });
});

describe('a number', () => {
  it.each([
    ['0', 'PORT must be at least 1'],
    ['65536', 'PORT must be at most 65535'],
    ['1e3', 'PORT must be a whole number'],
    ['0x50', 'PORT must be a whole number'],
    ['-1', 'PORT must be a whole number'],
    [' 80', 'PORT must be a whole number'],
    ['80.5', 'PORT must be a whole number'],
    ['99999999999', 'PORT must be a whole number'],
  ])('is not %s', (port, problem) => {
    expect(problemsOf(['port'], { PORT: port })).toEqual([problem]);
  });

  it('may be at either end', () => {
    expect([readConfig(['port'], { PORT: '1' }).port, readConfig(['port'], { PORT: '65535' }).port]).toEqual([
      1, 65_535,
    ]);
  });
});

describe('PULLPASS_ADMINISTRATORS', () => {
  const read = (text: string) =>
    readConfig(['administrators'], { PULLPASS_ADMINISTRATORS: text }).administrators;

  it('lists issuer, account and subject, parted by spaces, commas or lines', () => {
    expect(read('dev:acme:alice, ibm:a1b2:IBMid-1@x.example\n dev:acme:sub:with:colons')).toEqual([
      { account: 'dev:acme', subject: 'dev:alice' },
      { account: 'ibm:a1b2', subject: 'ibm:IBMid-1@x.example' },
      { account: 'dev:acme', subject: 'dev:sub:with:colons' },
    ]);
  });

  it.each([
    'alice',
    'dev:alice',
    'dev:acme:',
    'dev::alice',
    ':acme:alice',
    'Dev:acme:alice',
    'dev:äcme:alice',
    '*',
  ])('does not hold %s', text => {
    const shape = 'write each entry as <issuer>:<account>:<subject>';
    expect(problemsOf(['administrators'], { PULLPASS_ADMINISTRATORS: `dev:a:b ${text}` })).toEqual([
      `PULLPASS_ADMINISTRATORS holds ${text}; ${shape}`,
    ]);
  });

  it('is not only commas', () => {
    expect(problemsOf(['administrators'], { PULLPASS_ADMINISTRATORS: ' , ' })).toEqual([
      'PULLPASS_ADMINISTRATORS is empty',
    ]);
  });
});

describe('a list in a file', () => {
  const inFile = async (content: unknown) => `file:${await fileOf(content)}`;

  it('has entries that may hold commas, and as many as there are', async () => {
    const entries = Array.from({ length: 5000 }, (_, i) => `ibm:a${i}:x,y`);
    const variable = await inFile(entries);
    const { administrators } = readConfig(['administrators'], { PULLPASS_ADMINISTRATORS: variable });
    expect([administrators.length, administrators[4999]]).toEqual([
      5000,
      { account: 'ibm:a4999', subject: 'ibm:x,y' },
    ]);
    expect(
      readConfig(['namespaces'], { PULLPASS_NAMESPACES: await inFile('["dev:acme=team-*"]') }).namespaces,
    ).toEqual([{ account: 'dev:acme', pattern: 'team-*' }]);
  });

  it('may hold no administrators', async () => {
    const variable = await inFile('[]');
    expect(readConfig(['administrators'], { PULLPASS_ADMINISTRATORS: variable }).administrators).toEqual([]);
  });

  it.each([
    ['["alice"]', 'holds alice; write each entry as <issuer>:<account>:<subject>'],
    ['{}', 'must name a file that holds a list'],
    ['[1]', '[0] must be a string'],
    ['["a:b:c",]', expect.stringContaining('has a comma before a closing bracket: remove it')],
  ])('is not %s', async (text, problem) => {
    const PULLPASS_ADMINISTRATORS = await inFile(text);
    const [found = ''] = problemsOf(['administrators'], { PULLPASS_ADMINISTRATORS });
    expect(found.replace('PULLPASS_ADMINISTRATORS ', '')).toEqual(problem);
  });

  it('is in a file that is there', () => {
    expect(problemsOf(['administrators'], { PULLPASS_ADMINISTRATORS: 'file:/absent.json' })).toEqual([
      'PULLPASS_ADMINISTRATORS names /absent.json, which does not exist',
    ]);
  });
});

describe('PULLPASS_WEAK_MANAGEMENT', () => {
  const read = (text: string) =>
    readConfig(['weakManagement'], { PULLPASS_WEAK_MANAGEMENT: text }).weakManagement;

  it.each(['refuse', 'accept-replay'])('may be %s', text => {
    expect(read(text)).toBe(text);
  });

  it('names both choices when it is neither', () => {
    expect(() => read('on')).toThrow('PULLPASS_WEAK_MANAGEMENT must be refuse or accept-replay');
  });
});

describe('PULLPASS_NAMESPACES', () => {
  const read = (text: string) => readConfig(['namespaces'], { PULLPASS_NAMESPACES: text }).namespaces;

  it('is open, or a list of who may register what', () => {
    expect(read('open')).toBe('open');
    expect(read('dev:acme=team-* ibm:x=y-1, aws:aws:123=*')).toEqual([
      { account: 'dev:acme', pattern: 'team-*' },
      { account: 'ibm:x', pattern: 'y-1' },
      { account: 'aws:aws:123', pattern: '*' },
    ]);
  });

  it.each([
    'closed',
    'Open',
    'team-*',
    'dev:acme',
    'dev:acme=',
    'dev:acme=Team',
    'dev:acme=a*b',
    '=x',
    'open,dev:acme=Xx',
  ])('is not %s, and the problem says what is wrong', text => {
    const [problem, ...others] = problemsOf(['namespaces'], { PULLPASS_NAMESPACES: text });
    expect(problem).toBe(
      `PULLPASS_NAMESPACES holds ${text.replace(',', ' and ')}; write each entry as <account>=<namespace or prefix*>`,
    );
    expect(others).toEqual([]);
  });
});

describe('the services file', () => {
  const read = async (content: unknown) => {
    return readConfig(['services'], { PULLPASS_SERVICES: await fileOf(content) }).services;
  };
  const problems = async (content: unknown) =>
    problemsOf(['services'], { PULLPASS_SERVICES: await fileOf(content) });

  it('names the services, with defaults for the rest', async () => {
    const rsa = { name: 'r2', profile: 'kid', algorithm: 'RS256', lifetimeSeconds: 60 };
    const expected = [SERVICE, { ...rsa, registry: 'r2' }];
    expect(await read([{ name: 'localhost:5000' }, rsa])).toEqual(expected);
  });

  it('names the registry of a service where that is not its name', async () => {
    const registries = [
      'registry.example',
      'registry.example:5000',
      'localhost',
      '[::1]:5000',
      'R2-x.example',
    ];
    for (const registry of registries) {
      expect(await read([{ name: 'Registry', registry }])).toMatchObject([{ name: 'Registry', registry }]);
    }
  });

  it.each([
    ...['', 'https://registry.example', 'registry.example/', 'registry.example/team', 'a b', "a';reboot'"],
    ...['registry.example:', ':5000', 'a:123456', 'user@registry.example', '-a', '[::1', 'a\n', 'a:b', '$x'],
  ])('does not take %j for a registry: its name is part of commands and of image names', async registry => {
    expect(() => readConfig(['services'], { PULLPASS_SERVICE: registry })).toThrow(/PULLPASS_SERVICE/);
    const problem = 'PULLPASS_SERVICES [0][registry] must be a host, or a host and a port';
    expect(await problems([{ name: 'a', registry }])).toEqual([problem]);
  });

  it('demands the registry of a service whose name is no host', async () => {
    const problem = 'PULLPASS_SERVICES [0] needs a registry, because its name is not a host';
    expect(await problems([{ name: "a';b" }])).toEqual([problem]);
    expect(await problems([{ name: "a';b", registry: 'r.example' }])).toEqual([]);
  });

  it('is not needed for one service', () => {
    expect(readConfig(['services'], {}).services).toEqual([SERVICE]);
    expect(readConfig(['services'], { PULLPASS_SERVICE: 'r.example' }).services).toEqual([
      { ...SERVICE, name: 'r.example', registry: 'r.example' },
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', [], /^PULLPASS_SERVICES must name at least one service$/],
    [
      'one service twice',
      [{ name: 'a' }, { name: 'a' }],
      /^PULLPASS_SERVICES must not name a service twice$/,
    ],
    ['a service without a name', [{}], /^PULLPASS_SERVICES \[0\]\[name\] /],
    ['a name with a slash', [{ name: 'a/b' }], /^PULLPASS_SERVICES \[0\]\[name\] must be printable ASCII/],
    ['an unknown member', [{ name: 'a', ttl: 5 }], /^PULLPASS_SERVICES \[0\]\[ttl\] /],
    ['an unknown profile', [{ name: 'a', profile: 'jwk' }], /^PULLPASS_SERVICES \[0\]\[profile\] /],
    ['an algorithm that we do not sign with', [{ name: 'a', algorithm: 'none' }], /\[algorithm\] /],
    ['a short life', [{ name: 'a', lifetimeSeconds: 59 }], /\[lifetimeSeconds\] /],
    ['a long life', [{ name: 'a', lifetimeSeconds: 3601 }], /\[lifetimeSeconds\] /],
    ['a life in between', [{ name: 'a', lifetimeSeconds: 60.5 }], /\[lifetimeSeconds\] /],
    ['an object', { name: 'a' }, /^PULLPASS_SERVICES /],
    ['a member twice', '[{"name":"a","name":"b"}]', /A member is given more than once/],
    ['no JSON', '[', /^PULLPASS_SERVICES names .+, which is not valid JSON: /],
  ])('does not hold %s', async (_, content, problem) => {
    const [first, ...others] = await problems(content);
    expect(first).toMatch(problem);
    expect(others).toEqual([]);
  });

  it.each<[string, string | undefined, string]>([
    ['a file that does not exist', undefined, 'does not exist'],
    ['nothing', ' \n', 'is empty'],
    [
      'UTF-16',
      Buffer.from('[{"name":"a"}]', 'utf16le').toString('latin1'),
      'is not UTF-8 but UTF-16: save it as UTF-8',
    ],
    [
      'a comment behind a value',
      '[{"name":"a"} // ours\n]',
      'has comments, which JSON does not allow: remove them',
    ],
    ['a comment as in YAML', '# ours\n[]', 'has comments, which JSON does not allow: remove them'],
    ['a comma at the end', '[{"name":"a//b"},]', 'has a comma before a closing bracket: remove it'],
    ['single quotes', "[{'name':'a'}]", 'has single quotes, where JSON has double quotes'],
    [
      'a line comment',
      '[\n  // ours\n  {"name":"a"}]',
      'has comments, which JSON does not allow: remove them',
    ],
    ['a block comment', '/* ours */ [{"name":"a"}]', 'has comments, which JSON does not allow: remove them'],
  ])('names the file and the reason: %s', async (_, content, reason) => {
    const path = content === undefined ? join(directory, 'nothing.json') : await fileOf(content);
    const problem = `PULLPASS_SERVICES names ${path}, which ${reason}`;
    expect(problemsOf(['services'], { PULLPASS_SERVICES: path })).toEqual([problem]);
  });

  it('may begin with a byte order mark', async () => {
    const path = await fileOf('\uFEFF[{"name":"a"}]');
    expect(readConfig(['services'], { PULLPASS_SERVICES: path }).services).toMatchObject([{ name: 'a' }]);
  });

  it('names a directory as what it is', () => {
    const problem = `PULLPASS_SERVICES names ${directory}, which is a directory`;
    expect(problemsOf(['services'], { PULLPASS_SERVICES: directory })).toEqual([problem]);
  });
});

describe('the issuers file', () => {
  const read = async (content: unknown) =>
    readConfig(['issuers'], { PULLPASS_ISSUERS: await fileOf(content) }).issuers.iam;
  const other = { ...ISSUER, key: 'ibm', issuer: 'https://ibm.example', tokenUrl: null };

  it('names the issuers, with the claims of IBM’s IAM unless it says otherwise', async () => {
    const claims = { subject: 'sub', account: 'tenant.id', valid: 'tenant.active' };
    expect(await read([ISSUER, { ...other, claims }])).toEqual([
      { ...ISSUER, client: null, claims: { subject: 'iam_id', account: 'account.bss' } },
      { ...other, client: null, claims },
    ]);
  });

  it('has to spell out that there is no audience, and for whom', async () => {
    expect((await read([{ ...ISSUER, audience: 'none:https://iam.example' }]))?.[0]?.audience).toBeNull();
  });

  it.each<[string, unknown, RegExp]>([
    ['nothing', [], /at least one issuer/],
    [
      'no audience',
      [{ ...ISSUER, audience: undefined }],
      /\[0\]\[audience\] is missing; write none:<issuer>/,
    ],
    [
      'the absence of another issuer’s audience',
      [{ ...ISSUER, audience: 'none:https://x.example' }],
      /audience must be none:<issuer>/,
    ],
    ['the absence of an audience', [{ ...ISSUER, audience: 'none:' }], /audience must be none:<issuer>/],
    [
      'a key that tokens have',
      [{ ...ISSUER, key: 'token' }],
      /\[0\]\[key\] must be lower-case letters, digits and hyphens/,
    ],
    [
      'a key in capitals',
      [{ ...ISSUER, key: 'Dev' }],
      /\[0\]\[key\] must be lower-case letters, digits and hyphens/,
    ],
    [
      'a key with a colon',
      [{ ...ISSUER, key: 'a:b' }],
      /\[0\]\[key\] must be lower-case letters, digits and hyphens/,
    ],
    ['a key twice', [ISSUER, { ...other, key: 'dev' }], /must not use an issuer key twice/],
    ['an issuer twice', [ISSUER, { ...other, issuer: ISSUER.issuer }], /must not name an issuer twice/],
    [
      'two takers of API keys',
      [ISSUER, { ...other, tokenUrl: 'https://ibm.example/t' }],
      /may hold one tokenUrl/,
    ],
    ['an unknown member', [{ ...ISSUER, secret: 'x' }], /\[0\]\[secret\] /],
    [
      'a claim path that climbs',
      [{ ...ISSUER, claims: { subject: 'a..b', account: 'c' } }],
      /\[subject\] must be field names/,
    ],
    [
      'a file for keys',
      [{ ...ISSUER, keysUrl: 'file:///etc/passwd' }],
      /\[keysUrl\] must be an https URL, or an http URL of this machine/,
    ],
  ])('does not hold %s', async (_, content, problem) => {
    const problems = problemsOf(['issuers'], { PULLPASS_ISSUERS: await fileOf(content) });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems[0]).toMatch(/^PULLPASS_ISSUERS /);
  });
});

describe('the tags of secrets', () => {
  it('are read as they are written, with equals signs in their values', () => {
    const { secretTags } = readConfig(['secretTags'], { PULLPASS_SECRET_TAGS: 'stage=prod,cost=a=b,none=' });
    expect(secretTags).toEqual({ stage: 'prod', cost: 'a=b', none: '' });
    expect(readConfig(['secretTags'], {}).secretTags).toEqual({});
  });

  it.each(['stage', '=prod', 'a=b,', 'aws:a=b', 'a=b,a=c', 'a=<b>'])('are refused: %s', text => {
    expect(() => readConfig(['secretTags'], { PULLPASS_SECRET_TAGS: text })).toThrow(
      /PULLPASS_SECRET_TAGS must/,
    );
  });
});
