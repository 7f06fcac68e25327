/** What users read when they are refused, client by client; docs/registries-and-clients.md quotes these. */
import type { ClientName } from './clients/client.ts';

const NOT_VALID = 'The user name or the secret is not valid.';
const DENIED = 'denied: requested access to the resource is denied';
const HIDDEN = 'invalid username/password';

type Texts = Readonly<Record<ClientName, string>>;

/** At login, with a wrong, removed or expired secret. skopeo and its family hide the server's sentence. */
export const LOGIN_REFUSED: Omit<Texts, 'crane'> = {
  docker: `unauthorized: ${NOT_VALID}`,
  skopeo: HIDDEN,
  podman: HIDDEN,
  buildah: HIDDEN,
};

/** At a pull or a push, with a stored secret that was good once. */
export const SECRET_REFUSED: Texts = {
  docker: `unauthorized: ${NOT_VALID}`,
  skopeo: `unable to retrieve auth token: ${HIDDEN}: unauthorized: ${NOT_VALID}`,
  podman: `unable to retrieve auth token: ${HIDDEN}: unauthorized: ${NOT_VALID}`,
  buildah: `unable to retrieve auth token: ${HIDDEN}: unauthorized: ${NOT_VALID}`,
  crane: `UNAUTHORIZED: ${NOT_VALID}`,
};

/** At a push, with a secret that may only pull. */
export const PUSH_REFUSED: Texts = {
  docker: DENIED,
  skopeo: DENIED,
  podman: DENIED,
  buildah: DENIED,
  crane: 'UNAUTHORIZED: authentication required; [map[Action:pull',
};

/** At a pull from a repository that the secret does not reach: another account's, or one left out. */
export const PULL_REFUSED: Texts = { ...PUSH_REFUSED, docker: `pull access denied for` };

/** At a push to a repository that the secret does not reach. crane asks with HEAD first, whose answer has no body. */
export const FOREIGN_PUSH_REFUSED: Texts = {
  ...PUSH_REFUSED,
  crane: 'unexpected status code 401 Unauthorized',
};
