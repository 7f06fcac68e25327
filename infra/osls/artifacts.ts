/**
 * The archives of the functions: our own bundles and nothing else, the same bytes from the same sources. Each deployment has a
 * directory of its own for them, so that a way back and a retry are deployments like any other.
 */

import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';
import { type Bundle, bundle } from '../bundle.ts';
import { sbomText } from '../sbom.ts';
import { deployerOf, type Osls, OUTPUT } from './osls.ts';
import { type Parameters, parametersOf } from './parameter-file.ts';

export const SERVICES = 'deployment/services.json';

const FILES = [SERVICES, 'deployment/issuers.json'];

/** Lists of the stage's file that become files of their own: an environment has 4 KB at most. */
const LISTS = ['administrators', 'namespaces'] as const;

/** Bundles again, so that nothing stale is deployed. */
export async function pack(osls: Osls): Promise<void> {
  const { serviceDir, service } = osls;
  const bundles = join(serviceDir, '.build', 'package');
  await rm(bundles, { recursive: true, force: true });
  const files = await writeLists(parametersOf(osls).values, join(bundles, 'deployment'));
  for (const path of FILES) files.set(path, join(serviceDir, path));
  const built: Bundle[] = [];
  for (const [name, settings] of Object.entries(service.functions)) {
    built.push(await bundle(name, bundles));
    const bytes = await zipOf(join(bundles, name), filesOf(settings, files));
    // The name changes with the content, because CloudFormation compares only names.
    const artifact = `${OUTPUT}/${name}-${hash('sha256', bytes).slice(0, 16)}.zip`;
    await writeFile(join(serviceDir, artifact), bytes);
    settings.package = { ...settings.package, artifact };
  }
  await writeFile(join(serviceDir, OUTPUT, 'sbom.cdx.json'), sbomText(built, serviceDir));
  service.package.artifactDirectoryName = directoryOf(service, timeOf(serviceDir));
}

/**
 * A package has the time of its commit, so that it has the same bytes everywhere. Deployed under that name, a commit that was
 * deployed before would change nothing in the template, and CloudFormation would let what runs run on.
 */
export function moveToOwnDirectory(service: Osls['service'], now: Date): void {
  const packaged = service.package.artifactDirectoryName;
  const own = directoryOf(service, now);
  for (const { Type, Properties } of Object.values(
    service.provider.compiledCloudFormationTemplate.Resources,
  )) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const code = Properties.Code as { S3Key: string };
    code.S3Key = code.S3Key.replace(`${packaged}/`, `${own}/`);
  }
  service.package.artifactDirectoryName = own;
}

/** A deployment by a clock that is late is not the newest, but its archives are those that a rollback of the next one needs. */
export function keepDeployed(osls: Osls): void {
  const deployer = deployerOf(osls);
  const getObjectsToRemove = deployer.getObjectsToRemove.bind(deployer);
  deployer.getObjectsToRemove = async () => {
    const removable = await getObjectsToRemove();
    return removable?.filter(({ Key }) => !Key.startsWith(`${osls.service.package.artifactDirectoryName}/`));
  };
}

/** Answers where each is, by its path in an archive. */
async function writeLists(values: Parameters, directory: string): Promise<Map<string, string>> {
  await mkdir(directory, { recursive: true });
  for (const name of LISTS)
    await writeFile(join(directory, `${name}.json`), `${JSON.stringify(values[name], null, 2)}\n`);
  return new Map(LISTS.map(name => [`deployment/${name}.json`, join(directory, `${name}.json`)]));
}

/** Those that the variables of a function name. */
function filesOf(
  { environment = {} }: { environment?: object },
  files: ReadonlyMap<string, string>,
): Map<string, string> {
  const named = Object.values(environment).map(value =>
    String(value).replace(/^(?:file:)?\/var\/task\//, ''),
  );
  return new Map([...files].filter(([path]) => named.includes(path)));
}

function directoryOf({ service, provider }: Osls['service'], time: Date): string {
  return `serverless/${service}/${provider.stage}/${time.getTime()}-${time.toISOString()}`;
}

/** The time of the last commit, the only time in a package. Outside a clone it is SOURCE_DATE_EPOCH, or 1970. */
function timeOf(serviceDir: string): Date {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  const log = ['log', '-1', '--format=%ct'];
  const cloned = given === undefined && existsSync(join(serviceDir, '.git'));
  const seconds = given ?? (cloned ? execFileSync('git', log, { cwd: serviceDir, encoding: 'utf8' }) : 0);
  return new Date(Number(seconds) * 1000);
}

/** The earliest time that an archive can hold; the time zone of this machine does not matter. */
const TIME = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true } as const;

/** Lambda's user must be able to read the files. */
const MODE = 0o100_644;

/** An archive of the bundle in `directory`, and of other files by their path in the archive. */
async function zipOf(directory: string, others: ReadonlyMap<string, string>): Promise<Buffer> {
  const own = globSync('**/*.mjs', { cwd: directory }).map(path => [path, join(directory, path)] as const);
  const files = [...own, ...others].sort(([a], [b]) => (a < b ? -1 : 1));
  const zip = new ZipFile();
  for (const [path, file] of files) zip.addBuffer(await readFile(file), path, { ...TIME, mode: MODE });
  zip.end();
  return buffer(zip.outputStream);
}
