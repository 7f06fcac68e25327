/** The entry of the credential helper that docker, podman, skopeo, buildah and crane call for a registry. */
import { readEnvironment } from './environment.ts';
import { serve } from './helper/serve.ts';

const { stdin, stdout, stderr } = process;
const world = { environment: readEnvironment(), stdin, stdout, stderr, clock: Date.now };
// What is still under way when it has answered is not worth waiting for.
void serve(process.argv.slice(2), world).then(code => process.exit(code));
