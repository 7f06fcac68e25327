/** A custom resource as CloudFormation makes it: an event that names a place of S3, where the function puts its answer. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { bareEnvironment } from '../directories.ts';
import { run } from '../processes.ts';

export interface ResourceAnswer {
  readonly Status: 'FAILED' | 'SUCCESS';
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
}

const HOST = 'cloudformation-custom-resource-response.s3.eu-central-1.amazonaws.com';
/** Of this machine alone, where nothing else listens. */
const ADDRESS = '127.77.0.1';
const CERTIFICATE = 's3.pem';
/** What the sandbox of a function takes for /etc/hosts. */
const HOSTS = 'hosts';

/** The variables with which a function trusts the place. */
export const S3_VARIABLES = { NODE_EXTRA_CA_CERTS: `/var/task/deployment/${CERTIFICATE}` };

/** Lets functions whose sandbox has these files reach the place. */
export async function prepareS3(files: string): Promise<void> {
  await writeFile(join(files, HOSTS), `127.0.0.1 localhost\n${ADDRESS} ${HOST}\n`);
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  const names = ['-subj', `/CN=${HOST.slice(0, 40)}`, '-addext', `subjectAltName=DNS:${HOST}`];
  const out = ['-keyout', join(files, 's3.key'), '-out', join(files, CERTIFICATE)];
  const { code, output } = await run('openssl', [...request, ...names, ...out], {
    env: bareEnvironment(files),
  });
  if (code !== 0) throw new Error(output);
}

/** Makes the resource by the function that `invoke` calls, and answers what was put. */
export async function makeResource(
  files: string,
  invoke: (event: object) => Promise<unknown>,
): Promise<ResourceAnswer> {
  const put = Promise.withResolvers<ResourceAnswer>();
  const [key, cert] = await Promise.all([
    readFile(join(files, 's3.key')),
    readFile(join(files, CERTIFICATE)),
  ]);
  const server = createServer({ key, cert }, (request, response) => {
    json(request).then(answer => put.resolve(answer as ResourceAnswer), put.reject);
    response.end();
  });
  server.listen(443, ADDRESS);
  await once(server, 'listening');
  try {
    await invoke({
      RequestType: 'Create',
      RequestId: randomUUID(),
      ResponseURL: `https://${HOST}/answer?X-Amz-Signature=x`,
      ResourceType: 'Custom::PullpassRings',
      LogicalResourceId: 'Rings',
      StackId: `arn:aws:cloudformation:eu-central-1:123456789012:stack/pullpass-dev/${randomUUID()}`,
      ResourceProperties: { ServiceToken: 'x' },
    });
    return await put.promise;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
