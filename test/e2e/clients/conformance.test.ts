/** The conformance test of the OCI distribution specification, pull category, at registries that take longer, or that CI lacks. */
import { describeConformance } from '../support/matrix/conformance.ts';

describeConformance(['distribution with redirects', 'zot']);
