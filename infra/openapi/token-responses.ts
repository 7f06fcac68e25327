/** What the members of a registry token mean, as administrators and as its holder see it. */
import * as api from '../../lib/api/responses.ts';
import * as tokens from '../../lib/api/token-responses.ts';
import { component } from './component.ts';
import {
  A_TOKEN,
  ACCESS,
  AN_HOUR_LATER,
  AN_ID,
  CREATED,
  REPOSITORIES,
  TIME,
  UUID,
  WORDS_OF_CREATION,
} from './words.ts';

const LAST_USED = 'The last use of this value, to the hour; null: not yet, or before this was recorded.';
const USE = {
  at: `When. ${TIME}`,
  address: 'From which address; null: unknown.',
  client: 'What the client said that it is: its User-Agent, cut to 64 printable characters; null: nothing.',
  service: 'For which service; null: for none, as when a credential is vended.',
};

const token = {
  members: {
    id: `The identifier of the token. ${UUID}`,
    name: 'Its name, which no other token of the account has; null: none.',
    description: 'What the administrator wrote about it.',
    labels: 'What administrators find it by.',
    owner: 'Who answers for it, in the words of the administrator; null: not said.',
    access: ACCESS,
    repositories: REPOSITORIES,
    networks: 'Where it may be used from, in CIDR notation; null: anywhere.',
    ...WORDS_OF_CREATION,
    expiresAt: `When it expires; null: never. ${TIME}`,
    generation: '1, and 1 more with every rotation.',
    valueIssuedAt: `When its value was issued; null: unknown, as of values from before this was recorded. ${TIME}`,
    previousValue: [
      'The value before the last rotation, while it works; null: there is none.',
      { endsAt: `When it stops working. ${TIME}`, lastUsed: [LAST_USED, USE] },
    ],
    lastUsedAt: `When it last logged in with any of its values, to the hour; null: not yet. ${TIME}`,
    lastUsed: [LAST_USED, USE],
    disabled: 'true: no login succeeds with it.',
    disabledAt: `When it was disabled; null: it is not. ${TIME}`,
    disabledBy: 'The subject that disabled it, with its issuer; null: it is not disabled.',
    retrievable: 'Whether its value can be shown again.',
    selfRotate: 'Whether who holds the value may rotate it.',
    limits: [
      'What the registry proxy allows it; null: no limits.',
      { pullsPerDay: 'Answered manifests of images in a day of UTC.' },
    ],
  },
  example: {
    id: AN_ID,
    name: null,
    description: 'build farm',
    labels: { team: 'builds' },
    owner: 'builds@acme.example',
    access: 'pull',
    repositories: ['team-a/app', 'team-a/tools/*'],
    networks: ['192.0.2.0/24'],
    ...CREATED,
    expiresAt: AN_HOUR_LATER,
    generation: 1,
    valueIssuedAt: CREATED.createdAt,
    previousValue: null,
    lastUsedAt: null,
    lastUsed: null,
    disabled: false,
    disabledAt: null,
    disabledBy: null,
    retrievable: true,
    selfRotate: false,
    limits: null,
  },
} as const;
const VALUE = 'The value: the password of `docker login -u token`.';

const ensured = {
  members: {
    ...token.members,
    differences: 'The members of the request that the token was not as; of a token that was added, none.',
    applied: 'Whether they were changed, as `apply` asked for: then the token is as wanted.',
  },
  example: { ...token.example, name: 'build-farm', differences: ['access'], applied: false },
} as const;

type HeldMember = (typeof tokens.HELD_MEMBERS)[number];
const seen = <T extends Record<HeldMember, unknown>>(all: T) =>
  Object.fromEntries(tokens.HELD_MEMBERS.map(name => [name, all[name]])) as Pick<T, HeldMember>;
const held = {
  members: {
    ...seen(token.members),
    presented:
      'What the caller presented: the current value, the one before the last rotation in its grace, or a credential.',
    endsAt: `When that ends; null: never. ${TIME}`,
  },
  example: { ...seen(token.example), presented: 'value', endsAt: AN_HOUR_LATER },
} as const;

export const TOKEN_RESPONSES = {
  Token: component({ schema: api.TOKEN, ...token }),
  IssuedToken: component({
    schema: api.NEW_TOKEN,
    members: { ...token.members, token: VALUE },
    example: { ...token.example, token: A_TOKEN },
  }),
  EnsuredToken: component({ schema: tokens.ENSURED_TOKEN, ...ensured }),
  AddedToken: component({
    schema: tokens.NEW_ENSURED_TOKEN,
    members: { ...ensured.members, token: VALUE },
    example: { ...ensured.example, differences: [], token: A_TOKEN },
  }),
  HeldToken: component({ schema: tokens.HELD_TOKEN, ...held }),
  RotatedToken: component({
    schema: tokens.NEW_HELD_TOKEN,
    members: { ...held.members, token: VALUE },
    example: { ...held.example, token: A_TOKEN },
  }),
  TokenValue: component({
    schema: api.TOKEN_VALUE,
    members: { id: token.members.id, token: VALUE },
    example: { id: AN_ID, token: A_TOKEN },
  }),
  TokenList: component({
    schema: api.TOKEN_LIST,
    members: { nextCursor: 'The `cursor` of the next page; null: this is the last.' },
    example: { tokens: [token.example], nextCursor: null },
  }),
};
