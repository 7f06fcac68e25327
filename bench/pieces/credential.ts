/** What a farm costs: a credential vended, and a login with one, beside a login with the registry token itself, its floor, and the SDK. */
import { compareHandlers } from '../support/handlers.ts';
import { bearerEvent, loginEvent } from '../support/lambda-size.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { type Row, row } from '../support/row.ts';

const VEND = 'POST /v1/credentials';
/** A token may vend so many times a minute; ten rounds have fewer. */
const VENDS = 500;

export async function credential(): Promise<Row[]> {
  const around = await openLoginServers();
  const { value, environment } = around;
  const vending = await around.start('credentials');
  const url = `http://127.0.0.1:${vending.port}/v1/credentials`;
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${value}` } });
  const { password } = (await response.json()) as { password: string };
  await vending.close();
  const vend = { event: bearerEvent(VEND, value), environment };
  const login = { file: 'functions/login.ts', environment };
  const costs = await compareHandlers({
    token: { ...login, event: loginEvent(value) },
    credential: { ...login, event: loginEvent(password) },
    floor: { file: 'bench/peers/floor.ts', event: loginEvent(value), environment },
    vend: { file: 'functions/credentials.ts', ...vend, operations: VENDS },
    baseline: { file: 'bench/peers/baseline-vend.ts', ...vend },
  });
  await around.close();
  const { token, floor } = costs;
  return [
    row('', 'CPU of the handler of a vend', { value: costs.vend, unit: 'ms', digits: 3 }),
    row('here', 'a vend to a login', { value: costs.vend / token, atMost: 1 }),
    row('', "a vend to a login's floor", { value: costs.vend / floor }),
    row('', 'SDK + jose to our vend; it leaves out checks, the limits and the log line', {
      value: costs.baseline / costs.vend,
    }),
    row('here', 'a login with a credential to one with its token', {
      value: costs.credential / token,
      atMost: 1.2,
    }),
  ];
}
