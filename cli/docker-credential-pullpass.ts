/** The entry of the credential helper that docker, podman, skopeo, buildah and crane call for a registry. */
import { HELPER_TIMEOUTS, serve } from './helper/serve.ts';
import { start } from './start.ts';

start('docker-credential-pullpass', serve, HELPER_TIMEOUTS);
