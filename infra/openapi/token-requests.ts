/** Bodies of requests about registry tokens. */
import { ADD_TOKEN, CHANGE_TOKEN, ENSURE_TOKEN, ROTATE_TOKEN } from '../../lib/api/token-requests.ts';
import { component, type Meaning } from './component.ts';
import { ACCESS } from './words.ts';

export const PATTERNS =
  'Repository names (`team-a/app`), and prefixes followed by `/*` (`team-a/*`) for everything below them.';
export const REPOSITORIES = `${PATTERNS} Patterns in namespaces of other accounts are accepted and grant nothing. null: every repository in the namespaces of the account, now and later.`;
const DESCRIPTION = 'What it is for, in your words.';
export const EXPIRES = 'Lifetime in seconds from now.';
const LIMITS: Meaning = [
  'What the registry proxy allows. null: no limits.',
  {
    pullsPerDay:
      'Answered manifests of images in a day of UTC; the next is 429 until midnight. Absent: any number.',
  },
];
const OVERSIGHT = {
  labels:
    'What administrators find it by, as in `GET /v1/tokens?label=team=builds`. They replace the labels before.',
  owner: 'Who answers for it, such as an address. null: not said.',
  networks: 'Where it may be used from, in CIDR notation. null: anywhere.',
  selfRotate: 'true: who holds the value may rotate it.',
};
export const TOKEN_BODIES = {
  NewToken: component({
    schema: ADD_TOKEN,
    members: {
      description: DESCRIPTION,
      access: ACCESS,
      nonExpiring: 'true: the token never expires.',
      expiresInSeconds: `${EXPIRES} Default: one day, or less by the rules of the account.`,
      repositories: REPOSITORIES,
      retrievable:
        'Whether the value can be shown again. Default: if the rules of the account allow it. false: the value is random and only this answer shows it.',
      limits: LIMITS,
      ...OVERSIGHT,
    },
    example: {
      description: 'build farm',
      access: 'push',
      repositories: ['team-a/*'],
      expiresInSeconds: 2_592_000,
    },
  }),
  WantedToken: component({
    schema: ENSURE_TOKEN,
    members: {
      description: DESCRIPTION,
      access: ACCESS,
      nonExpiring: 'true: it never expires. false: it does.',
      expiresInSeconds:
        'Its lifetime in seconds, counted from when it was added. Of a new one, default: one day.',
      repositories: REPOSITORIES,
      retrievable: 'Whether the value can be shown again. It cannot be changed.',
      limits: LIMITS,
      ...OVERSIGHT,
      apply: 'true: what differs is changed. Members that are not named stay as they are.',
    },
    example: { description: 'build farm', access: 'push', repositories: ['team-a/*'], apply: true },
  }),
  TokenChange: component({
    schema: CHANGE_TOKEN,
    members: {
      description: DESCRIPTION,
      access: ACCESS,
      repositories: REPOSITORIES,
      disabled: 'true: no login succeeds with the token.',
      nonExpiring: 'From now on the token never expires.',
      expiresInSeconds: EXPIRES,
      limits: LIMITS,
      ...OVERSIGHT,
    },
    example: { disabled: true },
  }),
  TokenRotation: component({
    schema: ROTATE_TOKEN,
    members: {
      graceSeconds: 'How long the old value keeps working, in seconds.',
      force: 'Ends a grace period that is still running. Without it such a request is refused.',
    },
    example: { graceSeconds: 3600 },
  }),
};
