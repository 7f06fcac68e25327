/** A file for `docker compose`: the registries of this deployment in containers, from the files that were written for them. */

import { keysFileOf } from '../lib/domain/registry-auth.ts';
import type { Service } from '../lib/domain/service.ts';
import { loopbackOf } from './registry-addresses.ts';
import { fileNameOf } from './registry-directories.ts';

/** The name of the file, in the directory of all registries. */
export const COMPOSE_FILE = 'compose.yml';

/** Where the files of a registry are in its container. */
const FILES = '/pullpass';

export interface ComposedRegistry {
  readonly service: Service;
  /** Of its files, relative to the file for compose. */
  readonly directory: string;
  /** On this machine. */
  readonly port: string;
}

/**
 * JSON strings are also YAML strings. The variables replace what config.yml says of paths and addresses of this machine; a
 * container is reached only through a port of loopback.
 */
export function composeFile(registries: readonly ComposedRegistry[]): string {
  return `# Registries in containers: docker compose -f ${COMPOSE_FILE} up -d
# Written again when it changes: copy it before you edit it.
services:
${registries.map(container).join('')}volumes:
${registries.map(({ service }) => `  ${volumeOf(service)}: {}\n`).join('')}`;
}

function container({ service, directory, port }: ComposedRegistry): string {
  const keys = keysFileOf(service);
  const variable = service.profile === 'x5c' ? 'ROOTCERTBUNDLE' : 'JWKS';
  return `  ${nameOf(service)}:
    image: "registry:3"
    command: ["serve", "${FILES}/config.yml"]
    ports: ["${loopbackOf(service.registry)}:${port}:5000"]
    environment:
      REGISTRY_HTTP_ADDR: "0.0.0.0:5000"
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/var/lib/registry"
      REGISTRY_AUTH_TOKEN_${variable}: "${FILES}/${keys}"
      OTEL_TRACES_EXPORTER: "none"
    volumes:
      - ${JSON.stringify(`${directory === '' ? '.' : `./${directory}`}:${FILES}:ro`)}
      - "${volumeOf(service)}:/var/lib/registry"
`;
}

function nameOf({ name }: Service): string {
  return `registry-${fileNameOf(name)}`;
}

function volumeOf({ name }: Service): string {
  return `images-${fileNameOf(name)}`;
}
