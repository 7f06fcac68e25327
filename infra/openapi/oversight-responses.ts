/** What the members of the answers mean that say what was done, and why. */
import * as api from '../../lib/api/responses.ts';
import { component } from './component.ts';
import { A_REQUEST_ID, AN_ID, CREATED, RULES, TIME } from './words.ts';

const rules = {
  maxExpiresInSeconds: 2_592_000,
  nonExpiring: 'forbidden',
  maxCredentialSeconds: 43_200,
  retrievable: true,
  requireOwner: true,
  requireNetworks: false,
} as const;
const auditEntry = {
  at: CREATED.createdAt,
  act: 'add-token',
  target: AN_ID,
  subject: 'corp:alice',
  uniqueId: null,
  group: null,
  requestId: A_REQUEST_ID,
  sourceAddress: '192.0.2.1',
} as const;
const step = {
  check: 'namespace',
  result: 'failed',
  detail: 'The account does not hold the namespace team-b.',
} as const;

export const OVERSIGHT_RESPONSES = {
  AccountRules: component({
    schema: api.ACCOUNT_RULES,
    members: {
      ...RULES,
      ceiling: ['What the operator allows every account.', RULES],
      breaking: 'The newest first.',
      nextCursor: 'The `cursor` of the next page; null: this is the last.',
    },
    example: {
      ...rules,
      ceiling: { ...rules, nonExpiring: 'allowed', requireOwner: false },
      breaking: [{ token: AN_ID, rules: ['nonExpiring'] }],
      nextCursor: null,
    },
  }),
  BreakingToken: component({
    schema: api.BREAKING_TOKEN,
    members: { token: 'Its identifier.', rules: 'The rules that it breaks.' },
    example: { token: AN_ID, rules: ['nonExpiring'] },
  }),
  Audit: component({
    schema: api.AUDIT,
    members: {
      entries: 'The newest first.',
      nextCursor: 'The `cursor` of the next page; null: this is the last.',
    },
    example: { entries: [auditEntry], nextCursor: null },
  }),
  AuditEntry: component({
    schema: api.AUDIT_ENTRY,
    members: {
      at: `When it was done. ${TIME}`,
      act: 'What was done. Versions to come may have further acts.',
      target:
        'What it was done to: the identifier of a token, policy, trust or credential, or the name of a namespace.',
      subject: 'Who did it: a subject with its issuer, or the token or credential that its holder ended.',
      uniqueId: 'What the issuer never gives to another caller, where it has such a thing; null: it has not.',
      group:
        'The group whose policy made the subject an administrator; null: it was one without a group, or none was needed.',
      requestId: 'The request, as in the log.',
      sourceAddress: 'Where it came from.',
    },
    example: auditEntry,
  }),
  Explanation: component({
    schema: api.EXPLANATION,
    members: {
      decision: 'refused: the login would be 401. granted: also a login that asks for nothing.',
      granted: [
        'As in the access token.',
        { type: 'Always `repository`.', name: 'The repository.', actions: 'What may be done there.' },
      ],
      steps: 'In the order of the checks.',
    },
    example: {
      decision: 'nothing-granted',
      granted: [],
      steps: [step],
    },
  }),
  Step: component({
    schema: api.STEP,
    members: {
      check: 'What was checked.',
      result: 'note: it decides nothing.',
      detail: 'What was found, in words. The words may change.',
    },
    example: step,
  }),
};
