/** What the local process says when it is ready: where it is, and what to type next. */
import { relative } from 'node:path';
import type { DataDirectory } from './data-directory.ts';
import type { LocalSettings } from './environment.ts';

const WARNING =
  'No IAM is configured: the development IAM answers, on this machine only. Not for production.';

/** The lines to print; the commands work as they are, from the directory that the process was started in. */
export function welcome(
  { url, host, port, developmentIam }: LocalSettings,
  directory: DataDirectory,
): string {
  const lines = [`Pullpass is ready at ${url} (listening on ${host}:${port}).`];
  if (!developmentIam) return lines.join('\n');
  const curl = `curl -u "iamapikey:$(cat ${here(directory.administratorKey)})"`;
  return [
    ...lines,
    WARNING,
    'Register a namespace, add a token that may push, and start a registry:',
    '',
    `  ${curl} -X PUT ${url}/v1/namespaces/team-a`,
    `  ${curl} ${url}/v1/tokens --json '{"access":"push"}'`,
    `  docker-registry serve ${here(directory.registry)}/config.yml`,
    '',
  ].join('\n');
}

/** The shorter spelling, as long as it does not climb. */
function here(path: string): string {
  const short = relative('', path);
  return short.startsWith('..') ? path : short;
}
