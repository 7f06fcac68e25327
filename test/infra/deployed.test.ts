/** What a deployment is compared with before anything is made: the stages, ledgers and concurrency that the account has. */
import { describe, expect, it } from 'vitest';
import type { Account, DeployedStage } from '../../infra/osls/account.ts';
import { accountProblems, type Plan } from '../../infra/osls/deployed.ts';

const LAMBDA = 'AWS::Lambda::Function';

interface Given {
  readonly stage?: string;
  readonly domain?: string;
  readonly table?: string;
  readonly concurrency?: string;
  readonly multiRegionKey?: string;
  readonly allowed?: readonly string[];
  readonly stages?: readonly DeployedStage[];
  readonly ledgers?: readonly string[];
  readonly reservable?: number | undefined;
}

function problems(given: Given): Promise<string[]> {
  const {
    stage = 'prod',
    domain = '',
    concurrency = 'reserved',
    allowed = [],
    stages = [],
    ledgers = [],
  } = given;
  const value = (Default: unknown) => ({ Type: 'String', Default });
  const reserved = (count: unknown) => ({
    'Fn::If': ['ReservesConcurrency', count, { Ref: 'AWS::NoValue' }],
  });
  const plan: Plan = {
    stage,
    allowed,
    template: {
      Parameters: {
        Domain: value(domain),
        Table: value(given.table ?? `pullpass-${stage}`),
        Concurrency: value(concurrency),
        MultiRegionKey: value(given.multiRegionKey ?? 'off'),
        LoginConcurrency: value(400),
      },
      Resources: {
        Login: {
          Type: LAMBDA,
          Properties: {
            FunctionName: 'login',
            ReservedConcurrentExecutions: reserved({ Ref: 'LoginConcurrency' }),
          },
        },
        Keys: {
          Type: LAMBDA,
          Properties: { FunctionName: 'keys', ReservedConcurrentExecutions: reserved(1) },
        },
        Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
      },
    },
  };
  const account: Account = {
    stages: async () => [...stages],
    ledgersOf: async () => [...ledgers],
    reservable: async functions => {
      expect(functions).toEqual(['login', 'keys']);
      return 'reservable' in given ? given.reservable : 900;
    },
  };
  return accountProblems(plan, account);
}

function deployed(stage: string, Domain = '', Table = `pullpass-${stage}`): DeployedStage {
  return { stage, parameters: { Domain, Table } };
}

describe('a deployment goes on', () => {
  it.each<[string, Given]>([
    ['as the first of a region', {}],
    ['where nothing has changed', { domain: 'a.example.com', stages: [deployed('prod', 'a.example.com')] }],
    [
      'beside another stage that it is deployed with already',
      { stages: [deployed('prod'), deployed('dev')] },
    ],
    [
      'with another domain, when that is said',
      { domain: 'b.example.com', stages: [deployed('prod', 'a.example.com')], allowed: ['domain'] },
    ],
    [
      'with a restored table, when that is said',
      { table: 'restored', stages: [deployed('prod')], allowed: ['table'] },
    ],
    ['as a new stage, when that is said', { stage: 'new', stages: [deployed('prod')], allowed: ['stage'] }],
    ['with a multi-Region key, where it is the first of its stage', { multiRegionKey: 'on' }],
    [
      'with the multi-Region key that it has',
      {
        multiRegionKey: 'on',
        stages: [{ stage: 'prod', parameters: { ...deployed('prod').parameters, MultiRegionKey: 'on' } }],
      },
    ],
    ['with a table that its own ledger knows', { ledgers: ['pullpass-prod-ledger'] }],
    ['where all that it reserves is left', { reservable: 401 }],
    ['where the account may not be asked what is left', { reservable: undefined }],
    ['with shared concurrency where nothing is left', { concurrency: 'shared', reservable: 0 }],
  ])('%s', async (_, given) => {
    expect(await problems(given)).toEqual([]);
  });
});

describe('a deployment is refused', () => {
  it.each<[string, Given, ...RegExp[]]>([
    [
      'that forgets the domain',
      { stages: [deployed('prod', 'a.example.com')] },
      /^domain would change from a.example.com to \(none\).*--allow-change domain$/,
    ],
    [
      'that brings a domain',
      { domain: 'a.example.com', stages: [deployed('prod')] },
      /^domain would change from \(none\) to a.example.com/,
    ],
    [
      'whose domain and table are others, by both names',
      { domain: 'b.example.com', table: 't', stages: [deployed('prod', 'a.example.com')] },
      /^domain would/,
      /^table would change from pullpass-prod to t,.*--allow-change table$/,
    ],
    [
      'that would get another derivation key, although all changes are allowed: of a version that knew no other',
      { multiRegionKey: 'on', stages: [deployed('prod')], allowed: ['domain', 'table', 'stage'] },
      /^multiRegionKey would change from off to on: .*no value .* could be shown again. Leave it off$/,
    ],
    [
      'that would get another derivation key: back to one of its region',
      { stages: [{ stage: 'prod', parameters: { ...deployed('prod').parameters, MultiRegionKey: 'on' } }] },
      /^multiRegionKey would change from on to off/,
    ],
    [
      'when another change is allowed',
      { domain: 'b.example.com', stages: [deployed('prod')], allowed: ['table'] },
      /^domain would/,
    ],
    [
      'of a stage that is not there while others are',
      { stage: 'prdo', stages: [deployed('prod'), deployed('dev')] },
      /^stage prdo is not deployed here, and prod, dev is.*--allow-change stage$/,
    ],
    [
      'of a stage with the domain of another, although all changes are allowed',
      {
        stage: 'new',
        domain: 'a.example.com',
        stages: [deployed('prod', 'a.example.com')],
        allowed: ['stage', 'domain'],
      },
      /^domain a.example.com is that of the stage prod/,
    ],
    [
      'of a stage with the table of another, although all changes are allowed',
      { stage: 'new', table: 'pullpass-prod', stages: [deployed('prod')], allowed: ['stage', 'table'] },
      /^table pullpass-prod is served by the stage prod/,
    ],
    [
      'with a table that the ledger of another stage knows',
      { ledgers: ['pullpass-prod-ledger', 'pullpass-old-ledger'], allowed: ['table'] },
      /^table pullpass-prod belongs to the ledger pullpass-old-ledger/,
    ],
    [
      'that reserves more than is left',
      { reservable: 400 },
      /^concurrency: the functions reserve 401 executions at once, and the account has 400 left/,
    ],
    ['in an account that has none to reserve', { reservable: -90 }, /has 0 left to reserve/],
    [
      'that allows what there is not',
      { allowed: ['domian'] },
      /^--allow-change domian is unknown; use domain, table, stage$/,
    ],
  ])('%s', async (_, given, ...wanted) => {
    expect(await problems(given)).toEqual(wanted.map(pattern => expect.stringMatching(pattern)));
  });
});
