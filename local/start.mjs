/** Starts the local process, or says clearly why this Node cannot. Plain JavaScript: an old Node must get this far. */
import module from 'node:module';
import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 21)) {
  console.error(
    `Pullpass needs Node 22.21 or newer; this is ${process.versions.node}. ` +
      'On Linux "npm ci" brings its own: start with "npm start", not with "node".',
  );
  process.exit(1);
}
// Most of a start is reading sources. Not in the default directory, which other users of this machine can write.
module.enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'));
const { main } = await import('./main.ts');
await main(process.argv.slice(2));
module.flushCompileCache();
