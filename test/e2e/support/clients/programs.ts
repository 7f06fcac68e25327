/** The programs by name. */
import type { Client, ClientName, Place } from './client.ts';
import { containersClient } from './containers.ts';
import { type Crane, craneClient } from './crane.ts';
import { dockerClient } from './docker.ts';
import { type Skopeo, skopeoClient } from './skopeo.ts';

/** Some can do more than push and pull. */
export interface Programs extends Record<ClientName, Client> {
  readonly skopeo: Skopeo;
  readonly crane: Crane;
}

export const PROGRAMS: { readonly [N in ClientName]: (place: Place) => Promise<Programs[N]> } = {
  docker: dockerClient,
  skopeo: async place => skopeoClient(place),
  podman: place => containersClient('podman', place),
  buildah: place => containersClient('buildah', place),
  crane: async place => craneClient(place),
};
