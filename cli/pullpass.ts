/** The entry of the command `pullpass`. */
import { run } from './program.ts';
import { start } from './start.ts';

start('pullpass', run);
