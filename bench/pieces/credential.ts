/** What a farm costs: a credential vended, and a login with one, beside a login with the registry token itself. */
import { compare } from '../support/compare.ts';
import { openLoginServers } from '../support/login-servers.ts';
import { loginRequest, vendRequest } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';

export async function credential(): Promise<Row[]> {
  const around = await openLoginServers();
  const [login, vending] = [await around.start('login'), await around.start('credentials')];
  const url = `http://127.0.0.1:${vending.port}/v1/credentials`;
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${around.value}` } });
  const { password } = (await response.json()) as { password: string };
  const subjects = {
    token: { server: login, requests: [around.request] },
    credential: { server: login, requests: [loginRequest(password)] },
    vend: { server: vending, requests: [vendRequest(around.value)] },
  };
  const { token, credential: byCredential, vend } = await compare(subjects);
  await Promise.all([login.close(), vending.close()]);
  await around.close();
  return [
    row('', 'CPU of a credential vended', { value: vend.cpu, unit: 'ms', digits: 3 }),
    row('here', 'a credential vended to a login', { value: vend.cpu / token.cpu, atMost: 1 }),
    row('here', 'a login with a credential to one with its token', {
      value: byCredential.cpu / token.cpu,
      atMost: 1.2,
    }),
  ];
}
