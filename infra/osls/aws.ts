/** Calls to AWS's JSON services with the credentials, the proxy and the certificates that osls calls with. */
import { text } from 'node:stream/consumers';
import { endpointOf } from '../../lib/aws/client.ts';
import { amzDate, requestSigner } from '../../lib/aws/signature.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { AwsConfig } from './osls.ts';

const SERVICES = {
  dynamodb: { target: 'DynamoDB_20120810', version: '1.0', variable: 'AWS_ENDPOINT_URL_DYNAMODB' },
  kms: { target: 'TrentService', version: '1.1', variable: 'AWS_ENDPOINT_URL_KMS' },
} as const;

/** What an operation answers; undefined when what it asks for is not there. */
// biome-ignore lint/suspicious/noExplicitAny: each operation has an answer of its own
export type Describe = (service: keyof typeof SERVICES, operation: string, input: object) => Promise<any>;

export function describer({ region, credentials, requestHandler }: AwsConfig): Describe {
  return async (service, operation, input) => {
    const { target, version, variable } = SERVICES[service];
    const { env } = process;
    const url = new URL(env[variable] ?? env.AWS_ENDPOINT_URL ?? endpointOf(service, region));
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    const session = sessionToken === undefined ? undefined : new Secret(sessionToken);
    const sign = requestSigner(
      { region, service },
      { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken: session },
    );
    const headers = {
      'content-type': `application/x-amz-json-${version}`,
      host: url.host,
      'x-amz-date': amzDate(Date.now()),
      'x-amz-target': `${target}.${operation}`,
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    const body = JSON.stringify(input);
    const { response } = await requestHandler.handle({
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path: '/',
      query: {},
      headers: { ...headers, authorization: sign(headers, body) },
      body,
    });
    const answer = await text(response.body);
    if (response.statusCode === 200) return JSON.parse(answer);
    if (/ResourceNotFoundException|NotFoundException/.test(answer)) return undefined;
    throw new Error(`${service} ${operation}: AWS answered ${response.statusCode} ${answer.slice(0, 512)}`);
  };
}
