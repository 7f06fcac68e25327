/** The conformance test of the OCI distribution specification, pull category; `npm run test:clients` has more registries. */
import { describeConformance } from './support/matrix/conformance.ts';

describeConformance(['distribution with a password']);
