/** The words after `npm start --`. */
import { parseArgs } from 'node:util';

/** What the operator says of a store that was restored. */
export interface RestoreOptions {
  readonly afterRestore: boolean;
  readonly acceptGap: boolean;
}

export interface StartOptions extends RestoreOptions {
  readonly help: boolean;
}

/** A mistake in the words: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `npm start [-- OPTIONS] runs the whole broker as one process.

  --after-restore  start with a store that was restored: what was removed since the copy is removed again
  --accept-gap     with --after-restore, also when the ledger does not reach back to the copy
  --help           this text

Variables, of which docs/configuration.md has all:
  PORT               the port on which it listens (8080)
  PULLPASS_URL       its public address, when that is not http://localhost:PORT
  PULLPASS_SERVICE   the registry, as in the names of images (localhost:5000)
  PULLPASS_SERVICES  for several registries: a JSON file
  PULLPASS_ISSUERS   who may vouch for callers: a JSON file. Without it, a development IAM does
  PULLPASS_DATA      where the store and the keys are (.pullpass)
  PULLPASS_LEDGER    where the ledger is (file:<PULLPASS_DATA>-ledger)

README.md has a first login, docs/one-machine.md backup and restore; npm run verify reads everything that is stored.`;

/** Throws UsageError for any word that is unknown. */
export function readOptions(words: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        'after-restore': { type: 'boolean' },
        'accept-gap': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return {
      afterRestore: values['after-restore'] === true,
      acceptGap: values['accept-gap'] === true,
      help: values.help === true,
    };
  } catch (error) {
    // What follows the first sentence explains parseArgs to its caller.
    const [problem] = String((error as Error).message).split('. ');
    throw new UsageError(`${problem}. The options are listed by: npm start -- --help`, { cause: error });
  }
}
