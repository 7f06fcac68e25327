/** The entry of the command `pullpass`. */
import { run } from './program.ts';

// A reader that has seen enough (`head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { stdin, stdout, stderr } = process;
void run(process.argv.slice(2), { variables: process.env, stdin, stdout, stderr, clock: Date.now }).then(
  code => {
    process.exitCode = code;
  },
);
