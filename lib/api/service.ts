/** Which registry a request is about. */
import { PullpassError } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';

/** Absent means the only service. Throws `unknown-service`. */
export function serviceNamed(name: string | undefined, services: readonly Service[]): Service {
  const [only, ...others] = services;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const service = services.find(candidate => candidate.name === name);
  if (service === undefined) throw new PullpassError('unknown-service');
  return service;
}
