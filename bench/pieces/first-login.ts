/**
 * The first login of an instance beside a later one, in the share of a core that goes with the memory of the login function, over TLS
 * to an AWS that takes its time. Needs root, openssl, and Linux's first cgroups.
 */
import { join } from 'node:path';
import { bundle } from '../../infra/bundle.ts';
import { fileKeySource } from '../../lib/derivation/key-source.ts';
import { fileKeyStore, secretName } from '../../lib/signing/key-store.ts';
import { PrivateAuthority } from '../../test/support/private-authority.ts';
import { loginEvent, openGroup, runSized, type SizedReport } from '../support/lambda-size.ts';
import { cannedAnswers } from '../support/login-servers.ts';
import { SERVICE } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';
import { startServer } from '../support/server.ts';
import { median } from '../support/statistics.ts';
import { openWorld } from '../support/world.ts';

const ROUNDS = 9;
const ANSWERS = 100;
/** What the template gives it: 0.29 of a core. */
const MB = 512;
/** A strongly consistent read within a region, and a read of a secret, take about as long. */
const DELAY_MS = 5;
const SECRETS = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:bench';

export async function firstLogin(): Promise<Row[]> {
  const { value, world, environment, close } = await openAws();
  await bundle('login', world.directory);
  const parameters = [
    join(world.directory, 'login', 'index.mjs'),
    JSON.stringify(loginEvent(value)),
    `${ANSWERS}`,
  ];
  const group = openGroup();
  const runs: SizedReport[] = [];
  for (let round = 0; round < ROUNDS; round++) runs.push(runSized({ mb: MB, parameters, environment }));
  group.close();
  await close();
  const first = median(runs.map(run => run.first));
  const warm = median(runs.map(run => median(run.answers)));
  const ms = { unit: 'ms', digits: 1 };
  return [
    row('', 'first login of an instance, 0.29 core', { value: first, ...ms }),
    row('', 'a later login, 0.29 core', { value: warm, ...ms }),
    row('', 'start until ready, 0.29 core', { value: median(runs.map(run => run.load)), ...ms }),
    row('', 'first login to a later one, 0.29 core', { value: first / warm, atMost: 4 }),
  ];
}

/** Everything that a login asks of AWS, behind TLS. */
async function openAws() {
  const [world, authority] = [await openWorld(), await PrivateAuthority.open()];
  const { value, answers } = cannedAnswers();
  const ring = await fileKeyStore(join(world.directory, 'keys')).read(SERVICE, 'ring.json');
  const credential = await fileKeySource(join(world.directory, 'credential.json')).read();
  const secrets = { [secretName('bench', SERVICE, 'ring.json')]: ring, 'bench/credential': credential };
  const { key, cert } = await authority.certify('localhost');
  const tls = { key: key.toString(), cert: cert.toString() };
  const canned = JSON.stringify({ answers, secrets, delayMs: DELAY_MS, tls });
  const aws = await startServer('slow-aws', { role: 'driving', parameters: [canned] });
  const endpoint = `https://localhost:${aws.port}`;
  return {
    value,
    world,
    environment: {
      ...world.environment,
      AWS_REGION: 'eu-central-1',
      PULLPASS_KEYS: SECRETS,
      PULLPASS_CREDENTIAL_KEY: `${SECRETS}/credential`,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint,
      NODE_EXTRA_CA_CERTS: authority.file,
    },
    close: async () => {
      await aws.close();
      await authority.close();
      await world.close();
    },
  };
}
