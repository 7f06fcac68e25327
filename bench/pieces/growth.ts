/** P7: a login and a page of the list with 1 000 tokens in the store of `npm start` and with 100 000; its memory. */
import { join } from 'node:path';
import { compare, type Subject } from '../support/compare.ts';
import { administratorToken, fill, startLocal } from '../support/local-process.ts';
import { residentMb } from '../support/proc.ts';
import { get, loginRequest } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { openWorld } from '../support/world.ts';

const FEW = 1_000;
const MANY = 100_000;
/** The account of the development administrator: all tokens lie in one partition, which is the worst case. */
const ACCOUNT = 'dev:dev';
const ROUNDS = 5;

export async function growth(): Promise<Row[]> {
  const world = await openWorld();
  const few = await filled(join(world.directory, 'few'), FEW);
  const many = await filled(join(world.directory, 'many'), MANY);
  const logins = await compare({ few: few.logins, many: many.logins }, ROUNDS);
  const lists = await compare({ few: few.lists, many: many.lists }, ROUNDS);
  const resident = residentMb(many.process.pid);
  await Promise.all([few.process.close(), many.process.close()]);
  await world.close();
  return [
    row('', 'CPU of a login in npm start, its store included', {
      value: logins.few.cpu,
      unit: 'ms',
      digits: 3,
    }),
    row('P7', 'CPU of a login with 100 000 tokens to 1 000', {
      value: logins.many.cpu / logins.few.cpu,
      atMost: 1.1,
    }),
    row('P7', 'p50 of a login with 100 000 tokens to 1 000', {
      value: logins.many.p50 / logins.few.p50,
      atMost: 1.1,
    }),
    row('P7', 'CPU of a list page with 100 000 tokens to 1 000', {
      value: lists.many.cpu / lists.few.cpu,
      atMost: 1.1,
    }),
    row('P7', 'p50 of a list page with 100 000 tokens to 1 000', {
      value: lists.many.p50 / lists.few.p50,
      atMost: 1.1,
    }),
    row('here', 'memory of npm start with 100 000 tokens, under load', {
      value: resident,
      unit: 'MB',
      digits: 0,
      atMost: 200,
    }),
  ];
}

async function filled(data: string, count: number) {
  const values = await fill(data, ACCOUNT, count);
  const process = await startLocal(data);
  const bearer = await administratorToken(process, data);
  const logins: Subject = { server: process, requests: values.map(loginRequest) };
  const lists: Subject = { server: process, requests: [get('/v1/tokens?limit=50', `Bearer ${bearer}`)] };
  return { process, logins, lists };
}
