/** The entry of the command `pullpass`. */
import { processIo } from './io.ts';
import { run } from './program.ts';

// A reader that has read enough (`head`) is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void run(process.argv.slice(2), processIo()).then(code => {
  process.exitCode = code;
});
