/** The parameters of a stage: what its file and `--param` may say, and what is refused before anything is made. */
import { readFileSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BUDGETS } from '../../infra/budgets.ts';
import { deploymentProblems, MAX_STAGE } from '../../infra/osls/judge.ts';
import { readParameters } from '../../infra/osls/parameter-file.ts';
import { PARAMETERS, type Parameter } from '../../infra/parameters.ts';
import { rateSum, routeSettings } from '../../infra/routes.ts';

const ROOT = join(import.meta.dirname, '../..');
const TABLE: Readonly<Record<string, Parameter>> = PARAMETERS;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-parameters-'));
  await cp(join(ROOT, 'deployment'), join(directory, 'deployment'), { recursive: true });
});
afterEach(() => rm(directory, { recursive: true }));

interface Given {
  readonly stage?: string;
  readonly region?: string;
  readonly file?: object | string;
  readonly overrides?: readonly string[];
  readonly services?: unknown;
  readonly issuers?: unknown;
}

/** Everything that is wrong with a deployment. */
async function problems(given: Given): Promise<readonly string[]> {
  const { stage = 'prod', region = 'eu-central-1', file = {}, overrides = [], services, issuers } = given;
  const write = (name: string, content: unknown) =>
    content === undefined
      ? undefined
      : writeFile(
          join(directory, 'deployment', `${name}.json`),
          typeof content === 'string' ? content : JSON.stringify(content),
        );
  await write('services', services);
  await write('issuers', issuers);
  await write(stage, file);
  const read = readParameters({ directory, stage, overrides });
  return [...read.problems, ...deploymentProblems({ ...read, directory, stage, region })];
}

const KMS_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/12345678-abcd-1234-abcd-1234567890ab';
const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0';

describe('a deployment is refused for', () => {
  const cases: Record<string, [Given, ...string[]]> = {
    'a file that is no JSON': [
      { file: '{ // later\n}' },
      'deployment/prod.json has comments, which JSON does not allow: remove them',
    ],
    'a file that is no object': [
      { file: [] },
      'deployment/prod.json must hold an object: { "<parameter>": <value> }',
    ],
    'a member that is misspelt': [
      { file: { domian: 'a.example.com' } },
      'deployment/prod.json holds domian, which is no parameter; did you mean domain?',
    ],
    'a member that is none': [
      { file: { colour: 'blue' } },
      'deployment/prod.json holds colour, which is no parameter',
    ],
    'a member that every object has': [
      { file: { constructor: 1 } },
      'deployment/prod.json holds constructor, which is no parameter',
    ],
    'a number that is a string': [
      { file: { auditDays: '7' } },
      'auditDays in deployment/prod.json must be a number',
    ],
    'a fraction': [{ file: { auditDays: 1.5 } }, 'auditDays in deployment/prod.json must be a whole number'],
    'a number below its range': [
      { file: { loginRate: 0 } },
      'loginRate in deployment/prod.json must be at least 1',
    ],
    'a number above its range': [
      { file: { auditDays: 3651 } },
      'auditDays in deployment/prod.json must be at most 3650',
    ],
    'days that no log can be kept': [
      { file: { logDays: 91 } },
      expect.stringContaining('logDays in deployment/prod.json must be one of 1, 3,'),
    ],
    'a word that is none of its words': [
      { file: { concurrency: 'some' } },
      'concurrency in deployment/prod.json must be reserved or shared',
    ],
    'a domain with https://': [
      { file: { domain: 'https://a.example.com', certificate: CERTIFICATE } },
      'domain in deployment/prod.json must be a host name in lower case, without https:// and path',
    ],
    'a domain without certificate': [
      { file: { domain: 'a.example.com' } },
      'domain needs certificate: the ARN of its certificate',
    ],
    'a certificate and a zone without domain': [
      { file: { certificate: CERTIFICATE, hostedZone: 'Z1' } },
      'certificate needs domain',
      'hostedZone needs domain',
    ],
    'a certificate of another region': [
      { file: { domain: 'a.example.com', certificate: CERTIFICATE }, region: 'us-east-1' },
      'certificate is of eu-central-1; it must be of us-east-1, where the deployment is',
    ],
    'copies in the region of the deployment': [
      { file: { copyRegion: 'eu-central-1' } },
      'copyRegion is eu-central-1, where the deployment is: name another region',
    ],
    'copies under a key that is in one region only': [
      { file: { copyRegion: 'eu-west-1', kmsKey: KMS_KEY } },
      `copyRegion needs a kmsKey that has a replica in eu-west-1, and ${KMS_KEY} is no multi-Region key (mrk-…): its copies could not be encrypted`,
    ],
    'a table that is the ledger': [
      { file: { table: 'pullpass-prod-ledger' } },
      'table pullpass-prod-ledger is the ledger of the stage',
    ],
    'rates that are more than the account has': [
      { file: { loginRate: 3000 } },
      // Not how many they are: each new route adds its own.
      expect.stringMatching(
        /^the rates of all routes are 1\d{4} requests a second together, more than accountRate, 10000/,
      ),
    ],
    'an administrator that is no administrator': [
      { file: { administrators: ['alice'] } },
      'administrators in deployment/prod.json holds alice; write each entry as <issuer>:<account>:<subject>',
    ],
    'an administrator whose issuer is missing': [
      { file: { administrators: ['ibm:1234:IBMid-1'] } },
      'administrators in deployment/prod.json holds ibm:1234, but deployment/issuers.json has no such issuer',
    ],
    'an administrator who is of a build platform': [
      { file: { administrators: ['github:1234:x'] } },
      'administrators in deployment/prod.json holds github:1234, but deployment/issuers.json has no such issuer',
    ],
    'a ceiling of an unknown rule': [
      { file: { rulesCeiling: ['requireOwner=true', 'maxTokens=5'] } },
      'rulesCeiling in deployment/prod.json holds maxTokens=5; write each entry as <rule>=<value>, as in maxExpiresInSeconds=2592000 or requireOwner=true',
    ],
    'namespaces that are none': [
      { file: { namespaces: ['aws:aws:1=Team'] } },
      'namespaces in deployment/prod.json holds aws:aws:1=Team; write each entry as <account>=<namespace or prefix*>',
    ],
    'namespaces of an unknown issuer': [
      { file: { namespaces: ['ibm:1234=team-a'] } },
      'namespaces in deployment/prod.json holds ibm:1234, but deployment/issuers.json has no such issuer',
    ],
    'namespaces that are no list': [
      { file: { namespaces: 'closed' } },
      'namespaces in deployment/prod.json must be "open", or a list of entries',
    ],
    'services that are no JSON': [
      { services: "[{ 'name': 'a' }]" },
      'deployment/services.json has single quotes, where JSON has double quotes',
    ],
    'a service of an unknown profile': [
      { services: [{ name: 'registry.example.com', profile: 'x509' }] },
      'deployment/services.json [0][profile] must be x5c or kid',
    ],
    'upstreams that cannot work on AWS, all of them': [
      {
        services: ['a.example.com:5000', 'b.example.com'].map(name => ({
          name,
          upstream: {
            url: 'https://upstream.example.com',
            authentication: { username: 'robot', password: 'file:/run/secret' },
          },
        })),
      },
      expect.stringContaining('the password of a.example.com:5000 is in a file'),
      expect.stringContaining('clients cannot reach a.example.com:5000'),
      expect.stringContaining('the password of b.example.com is in a file'),
    ],
    'a client secret in a file': [
      {
        issuers: [
          {
            key: 'corp',
            issuer: 'https://iam.example.com',
            keysUrl: 'https://iam.example.com/keys',
            audience: 'https://pullpass.example.com',
            client: { id: 'pullpass', secret: `file:${join(ROOT, 'package.json')}` },
          },
        ],
      },
      'deployment/issuers.json [0][client][secret] is in a file, which no function has: name a secret by its ARN',
    ],
    'issuers that are none': [{ issuers: [] }, 'deployment/issuers.json must name at least one issuer'],
    'a stage that is too long': [
      { stage: 'a'.repeat(MAX_STAGE + 1) },
      `stage ${'a'.repeat(MAX_STAGE + 1)} is too long: at most ${MAX_STAGE} characters, so that functions can be named`,
    ],
    'a stage that is the ledger of another': [
      { stage: 'prod-ledger' },
      'stage prod-ledger must not end in -ledger, as tables of ledgers do',
    ],
    'more concurrency than the account has': [
      { file: { loginConcurrency: 901 } },
      'loginConcurrency 901 and the 100 that Lambda keeps free are more than accountConcurrency, 1000: lower it, or write "concurrency": "shared"',
    ],
    'a login URL that nothing bounds': [
      { file: { loginUrl: 'on', concurrency: 'shared' } },
      'loginUrl needs "concurrency": "reserved": nothing else bounds what reaches that URL',
    ],
    'a region that is none': [
      { file: { region: 'Frankfurt' } },
      'region in deployment/prod.json must be the name of a region, such as eu-central-1',
    ],
    'an unknown --param': [
      { overrides: ['logindays=3'] },
      expect.stringMatching(/^--param logindays is no parameter/),
    ],
    'a misspelt --param': [
      { overrides: ['loginconcurrency=3'] },
      '--param loginconcurrency is no parameter; did you mean loginConcurrency?',
    ],
    'a --param that only the file may hold': [
      { overrides: ['domain=a.example.com'] },
      expect.stringMatching(
        /^--param domain is not taken: write it in deployment\/prod.json. Only these can be overridden: conc/,
      ),
    ],
    'a --param without value': [
      { overrides: ['loginRate', 'loginBurst='] },
      '--param loginRate has no value: write --param loginRate=<value>',
      '--param loginBurst has no value: write --param loginBurst=<value>',
    ],
    'a --param that is given twice': [
      { overrides: ['loginRate=1', 'loginRate=2'] },
      '--param loginRate is given twice',
    ],
    'a --param that is no number': [{ overrides: ['loginRate=1e3'] }, '--param loginRate must be a number'],
  };
  it.each(Object.entries(cases))('%s', async (_name, [given, ...wanted]) => {
    expect(await problems(given)).toEqual(wanted);
  });

  it('a file that is not there', async () => {
    const { problems: found } = readParameters({ directory, stage: 'absent', overrides: [] });
    expect(found).toEqual([
      'deployment/absent.json does not exist: copy deployment/example.json, and commit it',
    ]);
  });

  it.each(['services', 'issuers', 'schema', 'example'])('a stage that is called %s', stage => {
    const { values, invalid } = readParameters({ directory, stage, overrides: [] });
    const found = deploymentProblems({ directory, stage, region: 'eu-central-1', values, invalid });
    expect(found).toContain(`stage ${stage} cannot be: deployment/${stage}.json is not a stage's file`);
  });

  it('everything that is wrong with it, at once', async () => {
    const given = {
      file: { domian: 'a', auditDays: 0, administrators: ['ibm:1:a', 'alice'] },
      overrides: ['x=1', 'loginRate=0'],
      services: [{}],
      issuers: '[',
    };
    const found = await problems(given);
    const named = ['domian', 'auditDays', 'x', 'loginRate', 'issuers', 'services', 'alice'];
    for (const name of named) expect(found.filter(line => line.includes(name))).not.toEqual([]);
    expect(found).toHaveLength(named.length);
  });
});

describe('a deployment is taken', () => {
  it('with the defaults, from an empty file', async () => {
    expect(await problems({})).toEqual([]);
    const { values } = readParameters({ directory, stage: 'prod', overrides: [] });
    expect(values.table).toBe('pullpass-prod');
    expect(values.loginRate).toBe(1500);
  });

  it('with the file of this stage, and an override over it', async () => {
    const file = {
      loginRate: 700,
      loginBurst: 900,
      administrators: ['aws:aws:123456789012:arn:aws:iam::123456789012:role/a'],
    };
    expect(await problems({ file, overrides: ['loginRate=800', 'concurrency=shared'] })).toEqual([]);
    const { values } = readParameters({ directory, stage: 'prod', overrides: ['loginRate=800'] });
    expect([values.loginRate, values.loginBurst, values.administrators]).toEqual([
      800,
      900,
      file.administrators,
    ]);
  });

  it('with the longest stage whose functions can be named', async () => {
    const longest = Math.max(
      ...Object.keys(BUDGETS).map(name => `pullpass-${'a'.repeat(MAX_STAGE)}-${name}`.length),
    );
    expect(longest).toBe(64);
    expect(await problems({ stage: 'a'.repeat(MAX_STAGE) })).toEqual([]);
  });

  it('with deployment/example.json and deployment/dev.json, which the schema for editors takes too', async () => {
    const schema = JSON.parse(readFileSync(join(directory, 'deployment/schema.json'), 'utf8'));
    const validate = new Ajv().compile(schema);
    for (const name of ['example', 'dev']) {
      const file = JSON.parse(readFileSync(join(directory, 'deployment', `${name}.json`), 'utf8'));
      expect([name, validate(file), validate.errors]).toEqual([name, true, null]);
      expect(await problems({ file })).toEqual([]);
    }
    expect(validate({ domian: 'a' })).toBe(false);
  });
});

describe('docs/parameters.md', () => {
  const rows = readFileSync(join(ROOT, 'docs/parameters.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|').map(cell => cell.trim().replaceAll('`', '')));

  it('has a row for each parameter, with its default and whether --param may set it, and no other', () => {
    const documented = rows.map(([, name, absent, override]) => [name, absent, override]);
    const known = Object.entries(TABLE).map(([name, { absent, override }]) => [
      name,
      Array.isArray(absent) ? '' : String(absent),
      override === true ? 'yes' : '',
    ]);
    expect(documented).toEqual(known);
  });
});

describe('the guides', () => {
  const { values } = readParameters({ directory: ROOT, stage: 'dev', overrides: [] });
  const documentAt = (path: string) => readFileSync(join(ROOT, path), 'utf8');
  const figures = (text: string | undefined) => Number(text?.replaceAll(' ', ''));
  const { RouteSettings, DefaultRouteSettings } = Object(routeSettings(Object.keys(BUDGETS), values));

  it('docs/aws.md has the throttle of every route', () => {
    const [, section = ''] = /^## Throttles$(.*?)^## /ms.exec(documentAt('docs/aws.md')) ?? [];
    const rows = section
      .split('\n')
      .filter(line => /^\| .*\d/.test(line))
      .map(line => line.split('|').map(cell => cell.trim()));
    const documented = new Map<string, number[]>();
    for (const [, routes = '', rate, burst, parameters = ''] of rows) {
      const names = [...routes.matchAll(/`((?:GET|POST|ANY) [^`]+)`/g)].map(([, name = '']) => name);
      for (const name of names.length > 0 ? names : ['$default'])
        documented.set(name, [figures(rate), figures(burst)]);
      const [own, other] = [...parameters.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
      if (own !== undefined && other !== undefined)
        expect([figures(rate), figures(burst)]).toEqual([own, other].map(name => TABLE[name]?.absent));
    }
    const limits: Record<string, object> = { ...RouteSettings, $default: DefaultRouteSettings };
    const limitOf = (key: string) => Object.values(limits[key] ?? {});
    for (const [key, throttle] of documented) expect([key, limitOf(key)]).toEqual([key, throttle]);
    // A route of every throttle that there is.
    const distinct = (keys: Iterable<string>) => new Set([...keys].map(key => String(limitOf(key))));
    expect(distinct(documented.keys())).toEqual(distinct(Object.keys(limits)));
    expect(section).toContain('`accountRate`, 10 000 a second');
  });

  it('the others say the same', () => {
    const said = {
      'docs/aws.md': [/so ([\d ]+) clients a second can log in/, values.loginRate],
      'docs/operations.md': [/logins with one token \| .*? \| ([\d ]+) a second, then/, values.loginRate],
      'docs/decisions/018-function-sizes.md': [
        /([\d ]+) a second and 2500 at once for each route of the login/,
        values.loginRate,
      ],
    } as const;
    for (const [path, [pattern, figure]] of Object.entries(said))
      expect([path, figures(pattern.exec(documentAt(path))?.[1])]).toEqual([path, figure]);
  });

  it('the rates of all routes are together within the quota of an account, by their defaults', () => {
    expect(rateSum(Object.keys(BUDGETS), values)).toBeLessThan(values.accountRate);
  });
});
