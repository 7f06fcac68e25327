/** The service that a request names. Apart from what else is read of requests, because a login needs nothing of that. */
import { PullpassError } from '../domain/errors.ts';
import { isQuotable } from '../domain/secret.ts';
import { isSameRegistry, type Service } from '../domain/service.ts';
import type { Request } from '../http/request.ts';

/** By its name. Without one, the only service. Throws `unknown-service`. */
export function serviceNamed(name: string | undefined, services: readonly Service[]): Service {
  const [only, ...others] = services;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const service = services.find(candidate => candidate.name === name);
  if (service === undefined) throw unknownService(name, services);
  return service;
}

/** As `serviceNamed`; also by the host of a registry, as people write it, where it is that of one service. */
export function serviceMeant(text: string | undefined, services: readonly Service[]): Service {
  return (text === undefined ? undefined : findService(text, services)) ?? serviceNamed(text, services);
}

/** The service in a path, by its name alone. Clients that follow the OpenAPI document escape the colon before a port. */
export function knownServiceIn(
  { params }: Pick<Request, 'params'>,
  services: readonly Service[],
): Service | undefined {
  const wanted = unescaped(params.service ?? '');
  return services.find(({ name }) => name === wanted);
}

/** The same. Throws `not-found`. */
export function serviceIn(request: Pick<Request, 'params'>, services: readonly Service[]): Service {
  const service = knownServiceIn(request, services);
  if (service !== undefined) return service;
  throw new PullpassError('not-found', { detail: `There is no such service. ${servedBy(services)}` });
}

function findService(text: string, services: readonly Service[]): Service | undefined {
  const named = services.find(({ name }) => name === text);
  if (named !== undefined) return named;
  const [only, ...others] = servicesAt(text, services);
  return others.length === 0 ? only : undefined;
}

function servicesAt(host: string, services: readonly Service[]): Service[] {
  return services.filter(({ registry }) => isSameRegistry(registry, host));
}

function unescaped(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function servedBy(services: readonly Service[]): string {
  return `This deployment serves: ${services.map(({ name }) => name).join(', ')}.`;
}

/**
 * Callers read which services there are: the metadata is public. The detail may hold what the caller wrote, so
 * the log gets a reason without it.
 */
function unknownService(name: string | undefined, services: readonly Service[]): PullpassError {
  const detail = `${problemOf(name, services)} ${servedBy(services)}`;
  return new PullpassError('unknown-service', { detail, reason: 'unknown service' });
}

function problemOf(name: string | undefined, services: readonly Service[]): string {
  if (name === undefined) return 'Name a service.';
  if (!isQuotable(name)) return 'There is no service of that name.';
  const several = servicesAt(name, services).length > 1;
  return several
    ? `'${name}' is the host of several services; name one of them.`
    : `There is no service '${name}'.`;
}
