/** What a registry client can do for its user, the same for every program. */
import type { DockerDaemon } from '../docker-daemon.ts';
import type { Image } from '../image.ts';
import type { Result } from '../processes.ts';

export const CLIENTS = ['docker', 'skopeo', 'podman', 'buildah', 'crane'] as const;
export type ClientName = (typeof CLIENTS)[number];

/** Those whose login asks the registry; crane's only stores what it gets. */
export const VERIFYING_CLIENTS = ['docker', 'skopeo', 'podman', 'buildah'] as const satisfies ClientName[];

/** One user of one program, with a home and stored logins of their own. */
export interface Client {
  readonly name: ClientName;
  login(registry: string, user: string, password: string): Promise<Result>;
  logout(registry: string): Promise<Result>;
  /** `reference` is `registry/repository:tag`. */
  push(image: Image, reference: string): Promise<Result>;
  /** Downloads an image that the client does not have yet. */
  pull(reference: string): Promise<Result>;
}

/** What a client needs to know about the place it runs in. */
export interface Place {
  /** For this client alone. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** The daemon that docker's CLI speaks to, started when it is first needed. */
  dockerDaemon(): Promise<DockerDaemon>;
}

/** docker's CLI waits for a user name at a terminal that is not there; every other client needs a second or two. */
export const PATIENCE_MS = 20_000;
