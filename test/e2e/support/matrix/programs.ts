/** All clients of the matrix, each with the package that it comes in. */
import packages from './packages.json' with { type: 'json' };
import type { Program } from './program.ts';
import { DEBIAN } from './programs-debian.ts';
import { GO } from './programs-go.ts';
import { OTHERS } from './programs-others.ts';

export interface Client extends Program {
  /** Debian 12, Go, PyPI, npm or Maven. */
  readonly source: string;
  /** With its version. */
  readonly package: string;
  /** The program that must be there. */
  readonly command: string;
  /** Whether `.ci/run` installs it. Others take minutes: `test/e2e/clients/install` does. */
  readonly ci: boolean;
}

const PROGRAMS: readonly Program[] = [...DEBIAN, ...GO, ...OTHERS];

export const CLIENTS: readonly Client[] = packages.map(found => {
  const program = PROGRAMS.find(({ name }) => name === found.name);
  if (program === undefined) throw new Error(`packages.json has ${found.name}, which no program has.`);
  return { ...found, ...program };
});

/** A package as `name@version`, `name==version` or `name:version`. */
export function versionOf({ package: spec }: Pick<Client, 'package'>): string {
  return /(?:@v?|==|:)(\d[\w.+-]*)$/.exec(spec)?.[1] ?? '';
}
