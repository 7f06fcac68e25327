/** What an administrator's requests cost: a token created, and a page of the list, beside a login and the SDK with jose. */
import { openAdministratorIam } from '../support/administrator.ts';
import { compareHandlers } from '../support/handlers.ts';
import { bearerEvent, loginEvent } from '../support/lambda-size.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { type Row, row } from '../support/row.ts';
import { fillingItem, onWire } from '../support/world.ts';

const ACCOUNT = 'dev:acme';
const PAGE = 50;

/** No rules and no policies; the list has one token more than a page. */
const ANSWERS = {
  'GetItem rules': {},
  'Query policy#': { Items: [] },
  Query: { Items: Array.from({ length: PAGE + 1 }, () => onWire(fillingItem(ACCOUNT))) },
};

export async function management(): Promise<Row[]> {
  const around = await openLoginServers({}, ANSWERS);
  const { PULLPASS_URL: audience = '', PULLPASS_CREDENTIAL_KEY: key = '' } = around.environment;
  const iam = await openAdministratorIam(around.directory, ACCOUNT, audience);
  const environment = { ...around.environment, ...iam.environment, PULLPASS_DERIVATION_KEY: key };
  const create = { event: bearerEvent('POST /v1/tokens', iam.bearer, { access: 'pull' }), environment };
  const list = { event: bearerEvent('GET /v1/tokens', iam.bearer), environment };
  const ours = { file: 'functions/management.ts' };
  const costs = await compareHandlers({
    login: { file: 'functions/login.ts', event: loginEvent(around.value), environment: around.environment },
    create: { ...ours, ...create },
    baseline: { file: 'bench/peers/baseline-create.ts', ...create },
    list: { ...ours, ...list },
  });
  await iam.close();
  await around.close();
  const { login } = costs;
  return [
    row('', 'CPU of the handler of a creation', { value: costs.create, unit: 'ms', digits: 3 }),
    row('here', 'a creation to a login: three calls to its one', {
      value: costs.create / login,
      atMost: 2.5,
    }),
    row('', 'SDK + jose to our creation; it leaves out checks and the log line', {
      value: costs.baseline / costs.create,
    }),
    row('here', `a page of ${PAGE} tokens to a login`, { value: costs.list / login, atMost: 3 }),
  ];
}
