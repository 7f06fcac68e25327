/** The package of a deployment with upstreams: its function, routes, throttles, domains and alarms; and that of one without has none of it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ROUTES as ALL, REGISTRY_ROUTES } from '../../lib/api/routes.ts';
import { createRegistry } from '../../lib/compose/registry.ts';
import { processWorld } from '../../lib/compose/world.ts';
import { readConfig, VARIABLES } from '../../lib/config/config.ts';
import { ofType, type Stack, stackOf } from './support/cloudformation.ts';
import { type Package, PROJECT, PROXIED_SERVICES, packaged } from './support/packaged.ts';
import { loadSchema } from './support/schema.ts';
import { unzip } from './support/unzip.ts';

vi.mock('../../lib/config/config.ts', { spy: true });

const ROUTES = [...ALL.registry, ...REGISTRY_ROUTES].map(({ method, path }) => `${method} ${path}`);
const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0';
const HOSTS = ['hosted', 'partner', 'public', 'pull'].map(name => `${name}.example.com`);

let kept: Package;
let stack: Stack;
let without: Stack;
beforeAll(async () => {
  kept = await packaged({ services: PROXIED_SERVICES });
  stack = stackOf(kept.template);
  without = stackOf((await packaged()).template);
}, 120_000);

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
type Properties = Record<string, any>;

function propertiesOf(type: string, of = stack): Properties[] {
  return ofType(of, type).map(([, properties]) => properties);
}

const registry = () =>
  propertiesOf('AWS::Lambda::Function').find(({ FunctionName }) => FunctionName.endsWith('-registry')) ?? {};

it('without an upstream there is nothing of it: no function, role, route, log group, alarm or archive', async () => {
  const names = [...without.resources.keys()].filter(name => /registry|V2/i.test(name));
  expect(names).toEqual([]);
  expect(readdirSync((await packaged()).directory).filter(file => file.startsWith('registry'))).toEqual([]);
});

it('its archive holds the bundle and the services file', () => {
  const [file = ''] = readdirSync(kept.directory).filter(name => /^registry-[0-9a-f]{16}\.zip$/.test(name));
  const entries = unzip(readFileSync(join(kept.directory, file)));
  expect(entries.map(({ name }) => name)).toEqual(['deployment/services.json', 'index.mjs']);
  expect(JSON.parse(String(entries[0]?.content))).toEqual(PROXIED_SERVICES);
});

it('its routes lead to it, and have throttles, which with all others leave the account of its 10 000 a second', () => {
  const integrations = new Map(ofType(stack, 'AWS::ApiGatewayV2::Integration'));
  const own = propertiesOf('AWS::ApiGatewayV2::Route').filter(({ Target }) =>
    String(integrations.get(Target.replace('integrations/', ''))?.IntegrationUri).includes('-registry:'),
  );
  expect(new Set(own.map(({ RouteKey }) => RouteKey))).toEqual(new Set(ROUTES));
  const [stage = {}] = propertiesOf('AWS::ApiGatewayV2::Stage');
  for (const route of ROUTES) expect(stage.RouteSettings[route].ThrottlingRateLimit).toBeGreaterThan(0);
  const rates = Object.values<Properties>(stage.RouteSettings).map(
    ({ ThrottlingRateLimit }) => ThrottlingRateLimit,
  );
  expect(rates.reduce((sum, rate) => sum + rate)).toBeLessThan(10_000);
});

it('it answers before the API gives up, and reserves what leaves 100 to the account', () => {
  expect(registry().Timeout).toBeLessThan(30);
  const reserved = propertiesOf('AWS::Lambda::Function').map(one => one.ReservedConcurrentExecutions);
  expect(reserved.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(900);
});

it('its environment is what it reads, and it starts with it and the packaged services', () => {
  const variables = Object.entries<unknown>(registry().Environment.Variables);
  const given = Object.fromEntries(variables.map(([name, value]) => [name, String(value)]));
  const read = vi.mocked(readConfig).mockClear();
  const AWS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  const files = { PULLPASS_SERVICES: join(PROJECT, 'deployment', 'services.json') };
  createRegistry({ ...processWorld(), environment: { ...given, ...files, ...AWS } });
  const names = read.mock.calls.flatMap(([settings]) => settings);
  const wanted = VARIABLES.filter(
    ({ name, variable }) => names.includes(name) && variable !== 'PULLPASS_SERVICE',
  );
  expect(new Set(Object.keys(given))).toEqual(new Set(wanted.map(({ variable }) => variable)));
});

it('its alarms go to the topic, and it has a log group that ends', () => {
  const alarms = [...stack.resources.keys()].filter(
    name => name.endsWith('Alarm') && !without.resources.has(name),
  );
  expect(new Set(alarms)).toEqual(
    new Set(['RegistryFailsAlarm', 'RegistryThrottledAlarm', 'UpstreamFailsAlarm', 'UpstreamRefusesAlarm']),
  );
  const groups = propertiesOf('AWS::Logs::LogGroup').map(({ LogGroupName }) => LogGroupName);
  expect(groups).toContain('/aws/lambda/pullpass-dev-registry');
});

describe('the domains', () => {
  const named = (given: object) =>
    propertiesOf('AWS::ApiGatewayV2::DomainName', stackOf(kept.template, { ...given })).map(
      one => one.DomainName,
    );

  it('are none without a certificate: then the API has the name that AWS gives it', () => {
    expect(named({})).toEqual([]);
    expect(named({ HostedZone: 'Z1' })).toEqual([]);
  });

  it('are those of the proxied services, mapped to the API, with records where there is a zone', () => {
    expect(new Set(named({ Certificate: CERTIFICATE }))).toEqual(new Set(HOSTS));
    const full = stackOf(kept.template, { Certificate: CERTIFICATE, HostedZone: 'Z1' });
    expect(propertiesOf('AWS::ApiGatewayV2::ApiMapping', full)).toHaveLength(HOSTS.length);
    const records = propertiesOf('AWS::Route53::RecordSet', full).map(({ Name, Type }) => `${Name} ${Type}`);
    expect(new Set(records)).toEqual(new Set(HOSTS.flatMap(host => [`${host} A`, `${host} AAAA`])));
    expect([...full.outputs.keys()].filter(name => /^Registry\w+Target$/.test(name))).toHaveLength(
      HOSTS.length,
    );
  });

  it('are made once for a service that clients reach under the name of the deployment', () => {
    const domains = named({ Certificate: CERTIFICATE, Domain: 'pull.example.com' });
    expect(new Set(domains)).toEqual(new Set(HOSTS));
  });
});

it('the schema of CloudFormation finds nothing wrong with any resource', async () => {
  const schema = await loadSchema();
  const options = { Certificate: CERTIFICATE, Domain: 'pullpass.example.com', HostedZone: 'Z1' };
  for (const { resources } of [stack, stackOf(kept.template, options)]) {
    const lines = [...resources].flatMap(([name, resource]) => schema.violations(name, resource) ?? []);
    expect(lines).toEqual([]);
  }
});
