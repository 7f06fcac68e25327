/** Everything that the login function asks of AWS, behind TLS: DynamoDB and Secrets Manager. */
import { join } from 'node:path';
import { fileKeySource } from '../../lib/derivation/key-source.ts';
import { fileKeyStore, secretName } from '../../lib/signing/key-store.ts';
import { PrivateAuthority } from '../../test/support/private-authority.ts';
import { cannedAnswers } from './login-servers.ts';
import { SERVICE } from './requests.ts';
import { startServer } from './server.ts';
import { openWorld } from './world.ts';

const SECRETS = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:bench';

/** Each call is answered after `delayMs`. */
export async function openAws(delayMs: number) {
  const [world, authority] = [await openWorld(), await PrivateAuthority.open()];
  const { value, answers } = cannedAnswers();
  const ring = await fileKeyStore(join(world.directory, 'keys')).read(SERVICE, 'ring.json');
  const credential = await fileKeySource(join(world.directory, 'credential.json')).read();
  const secrets = { [secretName('bench', SERVICE, 'ring.json')]: ring, 'bench/credential': credential };
  const { key, cert } = await authority.certify('localhost');
  const tls = { key: key.toString(), cert: cert.toString() };
  const canned = JSON.stringify({ answers, secrets, delayMs, tls });
  const aws = await startServer('slow-aws', { role: 'driving', parameters: [canned] });
  const endpoint = `https://localhost:${aws.port}`;
  return {
    value,
    world,
    environment: {
      ...world.environment,
      AWS_REGION: 'eu-central-1',
      PULLPASS_STAGE: 'bench',
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
