/** The archives of the functions: our own bundles and nothing else, the same bytes from the same sources. */
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundle } from '../bundle.ts';
import { sbomText } from '../sbom.ts';
import { zipOf } from '../zip.ts';
import { type Osls, OUTPUT } from './osls.ts';

export const SERVICES = 'deployment/services.json';
/** The deployment files, by the variable that names their path on Lambda. */
const FILES = { PULLPASS_SERVICES: SERVICES, PULLPASS_ISSUERS: 'deployment/issuers.json' } as const;

/** Bundles again, so that nothing stale is deployed. */
export async function pack({ serviceDir, service }: Osls): Promise<void> {
  const bundles = join(serviceDir, '.build', 'package');
  await rm(bundles, { recursive: true, force: true });
  const built: Bundle[] = [];
  for (const [name, settings] of Object.entries(service.functions)) {
    built.push(await bundle(name, bundles));
    const bytes = await zipOf(join(bundles, name), filesOf(serviceDir, settings));
    // The name changes with the content, because CloudFormation compares only names.
    const artifact = `${OUTPUT}/${name}-${hash('sha256', bytes).slice(0, 16)}.zip`;
    await writeFile(join(serviceDir, artifact), bytes);
    settings.package = { ...settings.package, artifact };
  }
  await writeFile(join(serviceDir, OUTPUT, 'sbom.cdx.json'), sbomText(built, serviceDir));
  service.package.artifactDirectoryName = `serverless/${service.service}/${service.provider.stage}/${timeOf(serviceDir)}`;
}

function filesOf(serviceDir: string, { environment = {} }: { environment?: object }): Map<string, string> {
  const named = Object.entries(FILES).filter(([variable]) => variable in environment);
  return new Map(named.map(([, path]) => [path, join(serviceDir, path)]));
}

/**
 * The time of the last commit, in the form of osls's deployment directories: the only time in a package. Outside a clone
 * it is SOURCE_DATE_EPOCH, or 1970.
 */
function timeOf(serviceDir: string): string {
  const { SOURCE_DATE_EPOCH: given } = process.env;
  const log = ['log', '-1', '--format=%ct'];
  const cloned = given === undefined && existsSync(join(serviceDir, '.git'));
  const seconds = given ?? (cloned ? execFileSync('git', log, { cwd: serviceDir, encoding: 'utf8' }) : 0);
  const time = new Date(Number(seconds) * 1000);
  return `${time.getTime()}-${time.toISOString()}`;
}
