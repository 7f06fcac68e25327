/** The clients that `.ci/run` installs; `npm run test:clients` has more of them, and zot. */
import { describeMatrix } from './support/matrix/matrix.ts';
import { CLIENTS } from './support/matrix/programs.ts';
import { REGISTRIES } from './support/registry.ts';

describeMatrix(
  CLIENTS.filter(({ ci }) => ci),
  REGISTRIES,
);
