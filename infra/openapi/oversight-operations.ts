/** The routes by which administrators see what was pulled and done, and why, in words. */
import { REPOSITORY_SCHEMA } from '../../lib/domain/repository.ts';
import { DAY_PATTERN, TIME_PATTERN } from '../../lib/domain/time.ts';
import { ACTS } from '../../lib/ports/audit.ts';
import { answer, inQuery, jsonBody, type Line, type Operation } from './operation.ts';
import { A_LIMIT, AN_ID, AN_IDENTIFIER } from './words.ts';

const A_TEXT_CURSOR = { type: 'string', pattern: '^[0-9A-Za-z_-]+$', maxLength: 512 } as const;
const VISIBLE = { type: 'string', pattern: '^[!-~]+$', minLength: 1, maxLength: 256 } as const;
const A_TIME = { type: 'string', format: 'date-time', pattern: TIME_PATTERN } as const;
const A_DAY = { type: 'string', format: 'date', pattern: DAY_PATTERN } as const;

export const OVERSIGHT_OPERATIONS = {
  'GET /v1/usage': {
    tag: 'Usage',
    summary: 'List the pulls per day',
    description:
      'How often images were pulled through the registry proxy, for each day, registry token and repository, the latest day first. A page may have few or no counters and a `nextCursor` all the same.',
    parameters: [
      inQuery('token', 'Only of this token.', { type: 'string', ...AN_IDENTIFIER }),
      inQuery('repository', 'Only of this repository.', {
        type: 'string',
        ...REPOSITORY_SCHEMA,
        example: 'team-a/app',
      }),
      inQuery('from', 'The first day, in UTC; absent: 29 days before the last.', A_DAY),
      inQuery('to', 'The last day, in UTC; absent: today.', A_DAY),
      inQuery('limit', 'The number of counters on a page.', A_LIMIT),
      inQuery('cursor', 'The `nextCursor` of the previous page.', A_TEXT_CURSOR),
    ],
    answers: { 200: answer('A page of counters.', 'Usage') },
  },
  'GET /v1/rules': {
    tag: 'Rules',
    summary: 'Show the rules',
    description:
      "What the account allows for what is made in it: its own rules, within the operator's ceiling. Tokens that could not be made now are in `breaking`, from a page of at most 500 tokens.",
    parameters: [
      inQuery('cursor', 'The `nextCursor` of the previous page.', {
        type: 'string',
        pattern: '^[0-9A-Za-z]{30}$',
      }),
    ],
    answers: { 200: answer('The rules, and tokens that break them.', 'AccountRules') },
  },
  'PUT /v1/rules': {
    tag: 'Rules',
    summary: 'Set the rules',
    description:
      'Replaces them. They are judged from the next request on; what was made before goes on working, and is listed where it breaks them.',
    body: jsonBody('NewAccountRules', true),
    answers: { 200: answer('The rules, and tokens that break them.', 'AccountRules') },
  },
  'GET /v1/audit': {
    tag: 'Audit',
    summary: 'List what was done',
    description:
      'Acts of administrators and of holders of secrets in the account, the newest first. A page examines at most 500 entries, so it may have few or none and a `nextCursor` all the same.',
    parameters: [
      inQuery('target', 'Only what was done to this: an identifier, or the name of a namespace.', {
        ...VISIBLE,
        example: AN_ID,
      }),
      inQuery('subject', 'Only what this subject did, with or without its issuer.', {
        ...VISIBLE,
        example: 'corp:alice',
      }),
      inQuery('act', 'Only this.', { type: 'string', enum: [...ACTS] }),
      inQuery('since', 'The first second (RFC 3339).', A_TIME),
      inQuery('until', 'The last second (RFC 3339).', A_TIME),
      inQuery('limit', 'The number of entries on a page.', A_LIMIT),
      inQuery('cursor', 'The `nextCursor` of the previous page of the same list.', A_TEXT_CURSOR),
    ],
    answers: { 200: answer('A page of entries.', 'Audit') },
  },
  'POST /v1/explain': {
    tag: 'Audit',
    summary: 'Explain a login',
    description:
      'What a login of the account would get, and what each check says. It is decided as at the login endpoint; nothing is written, and no secret is asked for. A token of another account is as unknown as one that never was.',
    body: jsonBody('ExplainLogin', true),
    answers: { 200: answer('The explanation.', 'Explanation') },
    failures: ['not-found'],
  },
} as const satisfies Partial<Record<Line, Operation>>;
