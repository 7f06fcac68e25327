/** The entry of `npm run aws-proof`. */
import { printAwsAssertion } from './aws.ts';
import { start } from './start.ts';

start('aws-proof', printAwsAssertion);
