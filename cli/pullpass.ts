/** The entry of the command `pullpass`. */
import { readEnvironment } from './environment.ts';
import { run } from './program.ts';

// A reader that has seen enough (`head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { stdin, stdout, stderr } = process;
const world = { environment: readEnvironment(), stdin, stdout, stderr, clock: Date.now };
void run(process.argv.slice(2), world).then(code => {
  process.exitCode = code;
});
