/** A refusal of the deployment in the words of the command line: people know its options, and not the API's members. */
import * as v from 'valibot';
import { ERRORS } from '../lib/domain/error-codes.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS } from '../lib/domain/time.ts';
import { CliError } from './errors.ts';
import type { HttpResponse } from './http.ts';

/** Problem details (RFC 9457) of the management routes, or the registry error body of the login endpoint. */
const PROBLEM = v.object({
  at: v.optional(v.string()),
  detail: v.optional(v.string()),
  details: v.optional(v.string()),
  code: v.optional(v.string()),
  requestId: v.optional(v.string()),
  id: v.optional(v.string()),
  errors: v.optional(v.array(v.object({ path: v.optional(v.string()), message: v.optional(v.string()) }))),
});

/** What to do next, by the code of the error or else by its status. */
const NEXT: Readonly<Record<string, string>> = {
  'wider-than-parent':
    'Ask for less with --repository or without --readwrite, or log in with what allows more.',
  403: 'Show your roles with: pullpass whoami',
  429: 'Wait a minute, then try again.',
  503: 'Try again shortly; "pullpass doctor" says what does not answer.',
};

/** In the place of sentences about the API's requests, which a user of the command does not make. */
const SENTENCES: Readonly<Record<string, { readonly message: string; readonly next?: string }>> = {
  'token-disabled': {
    message: 'The token is disabled.',
    next: 'Enable it with: pullpass token-update ID --enable',
  },
  'rotation-in-progress': {
    message: 'The last rotation is not over: the old value of this token still works.',
    next: 'Use --force to end the old value now.',
  },
  'idempotency-replayed': { message: 'The token was made, but its value cannot be shown any more.' },
  'not-an-administrator-credential': {
    message: 'A registry token only logs in to registries: it cannot manage the account.',
    next: 'Log in as an administrator with: pullpass login --apikey-stdin (or --aws)',
  },
};

/** To who holds a token and presents a value that was right: `at` is when it ended. */
const ENDED: Readonly<Record<string, { readonly message: string; readonly next: string }>> = {
  'token-expired': {
    message: 'The token has expired',
    next: 'Ask an administrator for another, then: pullpass login --token-stdin',
  },
  'token-disabled': { message: 'The token was disabled', next: 'An administrator can enable it again.' },
  'token-rotated': {
    message: 'A rotation has replaced this value of the token, which has ended',
    next: 'Log in with the new value: pullpass login --token-stdin',
  },
};

/** Phrases about requests, and what a user of the command would say. */
const PHRASES: readonly (readonly [api: RegExp, here: string])[] = [
  [/^The parent may\b/, 'Your login may'],
  [/\bleave the repositories out \(null\)/, 'leave out --repository'],
  [
    /; manage with iamapikey, iambearer, iamrefresh or awsiam\b/,
    '; to manage, log in with an API key or AWS',
  ],
];

/** The options that become members of request bodies. */
const OPTIONS: Readonly<Record<string, string>> = {
  access: '--readwrite',
  claims: '--claim',
  description: '--description',
  disabled: '--disable',
  expiresInSeconds: '--expires-in',
  force: '--force',
  format: '--format',
  graceSeconds: '--grace',
  issuer: '--issuer',
  limits: '--pulls-per-day',
  lifetimeSeconds: '--lifetime',
  maxCredentialSeconds: '--max-credential',
  maxExpiresInSeconds: '--max-expires-in',
  networks: '--network',
  nonExpiring: '--non-expiring',
  repositories: '--repository',
  requireNetworks: '--require-networks',
  requireOwner: '--require-owner',
  retrievable: '--retrievable',
  role: '--role',
  service: '--service',
  subject: '--subject',
};

/** Members whose names are no English words, and `force` with its value: wherever they are, the option is meant. */
const MEMBER =
  /`?\b(?:(expiresInSeconds|graceSeconds|lifetimeSeconds|nonExpiring)\b(?:: true)?|(force): true\b)`?/g;

const SECONDS = 'Seconds';

/** The option that becomes this member; the member where there is none. */
export function optionOf(member: string): string {
  return OPTIONS[member] ?? member;
}

/** The error for a response that is no success. `url`: of the deployment. */
export function refusalOf({ status, headers, text }: HttpResponse, url: string): CliError {
  const { detail, details, requestId, id, at, errors = [], ...problem } = problemIn(text);
  const code = problem.code ?? codeOf(status);
  const problems = errors.flatMap(({ path, message }) =>
    path === undefined ? [] : [sentence(path, message ?? '')],
  );
  const known = status === 401 ? endedAt(code, at) : SENTENCES[code ?? ''];
  // The login endpoint says it for clients that show nothing else; here it has a line of its own.
  const said = detail ?? details?.replace(/ Request id: \S+$/, '');
  const reason = known?.message ?? (said && inOptions(said)) ?? `${url} answered with status ${status}.`;
  return new CliError(problems.length === 0 ? reason : 'The deployment refused the request:', {
    status,
    code,
    problems: problems.length === 0 ? undefined : problems,
    requestId: requestId ?? headers.get('x-request-id') ?? undefined,
    next: known?.next ?? nextOf({ status, code, id, url }),
  });
}

function endedAt(code: string | undefined, at: string | undefined) {
  const known = ENDED[code ?? ''];
  return known && { ...known, message: at === undefined ? `${known.message}.` : `${known.message} (${at}).` };
}

/** `expiresInSeconds` and `must be at least 60` as `--expires-in must be at least 1m`. */
function sentence(path: string, message: string): string {
  const [member = ''] = path.split(/[.[]/, 1);
  const [, about = '', rest = message] = path === '' ? (/^(\w+) (.*)$/s.exec(message) ?? []) : [];
  if (Object.hasOwn(OPTIONS, about)) return sentence(about, rest);
  const subject = Object.hasOwn(OPTIONS, member) ? OPTIONS[member] : path;
  const text = member.endsWith(SECONDS) ? message.replaceAll(/\b\d+\b/g, durationText) : message;
  return `${subject} ${inOptions(text)}`.trim();
}

/** A sentence of the API, with options in the place of members. */
export function inOptions(text: string): string {
  const plain = PHRASES.reduce((said, [api, here]) => said.replace(api, here), text);
  return plain.replaceAll(MEMBER, (_, member, force) => OPTIONS[member ?? force] ?? '');
}

/** As the options take it: `7d` for 604800. */
export function durationText(seconds: string): string {
  const count = Number(seconds);
  const units = [
    [DAY_SECONDS, 'd'],
    [HOUR_SECONDS, 'h'],
    [MINUTE_SECONDS, 'm'],
  ] as const;
  const [size, unit] = units.find(([size]) => count > 0 && count % size === 0) ?? [1, 's'];
  return `${count / size}${unit}`;
}

interface Refusal {
  readonly status: number;
  readonly code: string | undefined;
  /** Of the token that the error is about. */
  readonly id: string | undefined;
  readonly url: string;
}

function nextOf({ status, code, id, url }: Refusal): string | undefined {
  if (status === 401) return `Log in again with: pullpass login --url ${url}`;
  if (id !== undefined) return `The token is ${id}: remove it or rotate it.`;
  return NEXT[code ?? ''] ?? NEXT[status];
}

function problemIn(text: string): v.InferOutput<typeof PROBLEM> {
  try {
    const { success, output } = v.safeParse(PROBLEM, parseStrictJson(text));
    return success ? output : {};
  } catch {
    return {};
  }
}

/** The login endpoint sends no code of ours; a status that only one of our errors has tells its code. */
function codeOf(status: number): string | undefined {
  const codes = Object.entries(ERRORS).filter(([, error]) => error.status === status);
  return codes.length === 1 ? codes[0]?.[0] : undefined;
}
