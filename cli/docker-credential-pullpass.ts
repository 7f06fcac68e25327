/** The entry of the credential helper that docker, podman, skopeo, buildah and crane call for a registry. */
import { HELPER_TIMEOUTS, serve } from './helper/serve.ts';
import { processIo } from './io.ts';

// Exits at once: requests that are still open no longer matter.
void serve(process.argv.slice(2), processIo(HELPER_TIMEOUTS)).then(code => process.exit(code));
