/** The entry of `npm run aws-proof`. */
import { printAwsAssertion } from './aws.ts';
import { processIo } from './io.ts';

process.exitCode = await printAwsAssertion(process.argv.slice(2), processIo());
