/** The conformance test of the OCI distribution specification, which its project publishes as a program. */
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { run } from './processes.ts';
import { tool } from './tools.ts';

export interface Examined {
  /** `host:port` */
  readonly registry: string;
  readonly repository: string;
  readonly password: string;
}

/** What is in a repository, as the program wants it named. */
export interface Content {
  readonly tags: readonly string[];
  readonly manifests: readonly string[];
  readonly blobs: readonly string[];
}

/** Results by the name of the check, and which of its name it is. Those that are switched off are left out. */
export type Results = ReadonlyMap<string, 'Pass' | 'FAIL' | 'Skip' | 'Error'>;

const NOTHING_IS_DELETED = {
  OCI_API_BLOBS_DELETE: 'false',
  OCI_API_MANIFESTS_DELETE: 'false',
  OCI_API_TAGS_DELETE: 'false',
} as const;

/** Everything but deletions: it leaves its images of all kinds in the repository. */
export function pushConformance(examined: Examined): Promise<Results> {
  return examine(examined, { OCI_REPO2: `${examined.repository}-2` });
}

/** The pull category, on content that is there. */
export function pullConformance(examined: Examined, { tags, manifests, blobs }: Content): Promise<Results> {
  return examine(examined, {
    OCI_API_PUSH: 'false',
    OCI_RO_DATA_TAGS: tags.join(' '),
    OCI_RO_DATA_MANIFESTS: manifests.join(' '),
    OCI_RO_DATA_BLOBS: blobs.join(' '),
    OCI_RO_DATA_REFERRERS: manifests.join(' '),
  });
}

async function examine(
  { registry, repository, password }: Examined,
  more: Readonly<Record<string, string>>,
): Promise<Results> {
  const home = await newDirectory('conformance');
  const env = {
    ...bareEnvironment(home),
    ...{ OCI_REGISTRY: registry, OCI_TLS: 'disabled', OCI_REPO1: repository },
    ...{ OCI_USERNAME: 'token', OCI_PASSWORD: password, OCI_RESULTS_DIR: home, OCI_LOG: 'error' },
    ...NOTHING_IS_DELETED,
    ...more,
  };
  // Its exit code says only that some check failed, and its files are not written for a registry that may only be read.
  const { output } = await run(tool('conformance'), [], { env, cwd: home });
  await removeDirectory(home);
  return resultsIn(output);
}

function resultsIn(output: string): Results {
  const count = new Map<string, number>();
  const results = new Map<string, 'Pass' | 'FAIL' | 'Skip' | 'Error'>();
  for (const [, name = '', result] of output.matchAll(
    /^ *OCI Conformance Test\/(.+): (Pass|FAIL|Skip|Error)$/gm,
  )) {
    const number = (count.get(name) ?? 0) + 1;
    count.set(name, number);
    results.set(`${name} ${number}`, result as 'Pass' | 'FAIL' | 'Skip' | 'Error');
  }
  return results;
}
