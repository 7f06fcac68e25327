/** All clients at all registries, also those that take minutes to build. */
import { describeMatrix } from '../support/matrix/matrix.ts';
import { CLIENTS } from '../support/matrix/programs.ts';
import { REGISTRIES } from '../support/registry.ts';

describeMatrix(CLIENTS, [...REGISTRIES, 'zot']);
