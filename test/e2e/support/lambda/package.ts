/** What is deployed: the archives and the template that `npm run package` makes, unpacked and with all values put in. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ofType, type Stack, stackOf } from '../../../infra/support/cloudformation.ts';
import { PROXIED_SERVICES, packaged } from '../../../infra/support/packaged.ts';
import { unzip } from '../../../infra/support/unzip.ts';

export interface FunctionPlan {
  /** As its file in functions/ is called. */
  readonly name: string;
  readonly functionName: string;
  readonly arn: string;
  /** The unpacked archive. */
  readonly directory: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly variables: Readonly<Record<string, string>>;
  /** In which form the runtime writes, and from which level on. */
  readonly logging: { readonly LogFormat?: string; readonly ApplicationLogLevel?: string };
}

export interface Deployed {
  readonly stack: Stack;
  readonly functions: ReadonlyMap<string, FunctionPlan>;
  /** The function of each route, by the route's key. */
  readonly routes: ReadonlyMap<string, string>;
}

export interface PackageChoice {
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether the package has the registry proxy. */
  readonly proxied: boolean;
}

/** Unpacks the package into a directory. */
export async function unpack(into: string, { parameters, proxied }: PackageChoice): Promise<Deployed> {
  const { directory, template } = await packaged(proxied ? { services: PROXIED_SERVICES } : {});
  const stack = stackOf(template, parameters);
  const archives = (await readdir(directory)).filter(file => file.endsWith('.zip'));
  const functions = new Map<string, FunctionPlan>();
  for (const [, properties] of ofType(stack, 'AWS::Lambda::Function')) {
    const plan = planOf(properties, into);
    const archive = archives.find(file => file.startsWith(`${plan.name}-`)) ?? '';
    await extract(join(directory, archive), plan.directory);
    functions.set(plan.name, plan);
  }
  return { stack, functions, routes: routesOf(stack) };
}

function planOf(properties: Readonly<Record<string, unknown>>, into: string): FunctionPlan {
  const { FunctionName, Handler, MemorySize, Timeout, Environment, LoggingConfig = {} } = properties;
  const name = String(FunctionName).replace(/^.*-/, '');
  return {
    name,
    functionName: String(FunctionName),
    arn: `arn:aws:lambda:eu-central-1:123456789012:function:${FunctionName}`,
    directory: join(into, name),
    handler: String(Handler),
    memoryMb: Number(MemorySize),
    timeoutSeconds: Number(Timeout),
    logging: LoggingConfig as FunctionPlan['logging'],
    variables: texts((Environment as { Variables?: object } | undefined)?.Variables ?? {}),
  };
}

function texts(values: object): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

async function extract(archive: string, directory: string): Promise<void> {
  for (const { name, content } of unzip(await readFile(archive))) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
}

function routesOf(stack: Stack): Map<string, string> {
  const owners = new Map(
    ofType(stack, 'AWS::ApiGatewayV2::Integration').map(([name, { IntegrationUri }]) => [
      name,
      String(IntegrationUri).replace(/^.*-(\w+):live$/, '$1'),
    ]),
  );
  return new Map(
    ofType(stack, 'AWS::ApiGatewayV2::Route').map(([, { RouteKey, Target }]) => [
      String(RouteKey),
      owners.get(String(Target).replace('integrations/', '')) ?? '',
    ]),
  );
}
