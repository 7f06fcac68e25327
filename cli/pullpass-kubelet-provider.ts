/** The entry of the credential provider that the kubelet calls before it pulls an image. */
import { provide } from './kubelet/provide.ts';

const { stdin, stdout, stderr } = process;
// What is still under way when it has answered is not worth waiting for.
void provide(process.argv.slice(2), { stdin, stdout, stderr }).then(code => process.exit(code));
