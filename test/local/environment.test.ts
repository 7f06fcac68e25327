/** The settings that `npm start` adds, and the ones that it refuses. */
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../lib/config/config.ts';
import type { DataDirectory } from '../../local/data-directory.ts';
import { functionEnvironment, localSettings } from '../../local/environment.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    localSettings(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

describe('the settings of the local process', () => {
  it('need nothing to be set', () => {
    expect(localSettings({})).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      url: 'http://localhost:8080',
      services: [{ name: 'localhost:5000' }],
      developmentIam: true,
    });
  });

  it('keep the ledger beside the data', () => {
    expect(localSettings({ PULLPASS_DATA: '/var/pullpass/' }).ledger).toBe('/var/pullpass-ledger');
    expect(localSettings({ PULLPASS_LEDGER: 'file:/mnt/ledger' }).ledger).toBe('/mnt/ledger');
    expect(localSettings({}).ledger).toBe(`${process.cwd()}/.pullpass-ledger`);
  });

  it.each(['/var/pullpass', '/var/pullpass/ledger', '/var/pullpass/../pullpass/a'])(
    'do not take %s for the ledger: a restore would reach it',
    path => {
      const problems = problemsOf({ PULLPASS_DATA: '/var/pullpass', PULLPASS_LEDGER: `file:${path}` });
      expect(problems).toEqual([expect.stringContaining('PULLPASS_LEDGER is in PULLPASS_DATA')]);
    },
  );

  it('take no table of AWS for the ledger', () => {
    const table = 'arn:aws:dynamodb:eu-central-1:123456789012:table/ledger';
    expect(problemsOf({ PULLPASS_LEDGER: table })).toEqual(['PULLPASS_LEDGER must be file: on one machine']);
  });

  it('report all that is wrong at once, also in what only a function needs', () => {
    expect(
      problemsOf({
        PORT: 'x',
        PULLPASS_ULR: 'y',
        PULLPASS_FAILURES_PER_MINUTE: 'many',
        PULLPASS_NAMESPACES: 'some',
      }),
    ).toEqual([
      'PULLPASS_ULR is not a known variable',
      'PORT must be a whole number',
      'PULLPASS_NAMESPACES holds some; write each entry as <account>=<namespace or prefix*>',
      'PULLPASS_FAILURES_PER_MINUTE must be a whole number',
    ]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['without TLS', {}, 'PULLPASS_URL must be https'],
    ['without an IAM', { PULLPASS_URL: 'https://pullpass.example' }, 'PULLPASS_ISSUERS must name an IAM'],
  ])('keep the process on loopback %s', (_, environment, problem) => {
    const problems = problemsOf({ ...environment, PULLPASS_HOST: '0.0.0.0' });
    expect(problems).toContainEqual(`PULLPASS_HOST is not loopback, so ${problem}`);
  });

  it("refuse a bus for the report: this process has no business with the operator's AWS account", () => {
    expect(problemsOf({ PULLPASS_EVENT_BUS: 'default' })).toEqual([
      'PULLPASS_EVENT_BUS is for a deployment on AWS: here the log has the hygiene report',
    ]);
  });

  it.each([{ NODE_ENV: 'production' }, { AWS_LAMBDA_FUNCTION_NAME: 'login' }])(
    'bring no development IAM with %o',
    environment => expect(localSettings(environment).developmentIam).toBe(false),
  );
});

it('the functions get the proxy and the authorities of the environment, and nothing else that is not ours', () => {
  const network = {
    HTTPS_PROXY: 'http://proxy.corp.test:3128',
    no_proxy: 'corp.test',
    SSL_CERT_FILE: '/etc/corp.pem',
    NODE_EXTRA_CA_CERTS: '/etc/corp.pem',
  };
  const given = { ...network, AWS_SECRET_ACCESS_KEY: 'x', PATH: '/bin' };
  const directory = { issuers: '/x' } as DataDirectory;
  const environment = functionEnvironment(given, localSettings({}), directory);
  expect(environment).toMatchObject(network);
  expect(environment).not.toHaveProperty('AWS_SECRET_ACCESS_KEY');
  expect(environment).not.toHaveProperty('PATH');
});
