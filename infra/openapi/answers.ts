/** Every body that an answer can have, but for those of failures. */
import { CREDENTIAL_ANSWERS } from './answers/credentials.ts';
import { LOGIN_ANSWERS } from './answers/login.ts';
import { MANAGEMENT_ANSWERS } from './answers/management.ts';

export const ANSWERS = { ...MANAGEMENT_ANSWERS, ...LOGIN_ANSWERS, ...CREDENTIAL_ANSWERS };
