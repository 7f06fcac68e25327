/** What a command asked AWS for, as IAM names it: the action and the resource of each request. */
import type { Sent } from './healthy-functions.ts';

export interface RecordedCall {
  readonly action: string;
  readonly resource: string;
}

const ANYWHERE = 'eu-central-1:123456789012';

/** Throws for a request that it does not know. */
export function callOf(request: Sent): RecordedCall {
  const [, service = ''] = /\/([a-z0-9-]+)\/aws4_request/.exec(request.headers.authorization ?? '') ?? [];
  const of = SERVICES[service];
  if (of === undefined) throw new Error(`${service}: ${request.method} ${request.url} is not known here`);
  return of(request, new URL(request.url, 'http://moto'));
}

const SERVICES: Readonly<Record<string, (request: Sent, url: URL) => RecordedCall>> = {
  sts: request => ({ action: `sts:${formOf(request).get('Action')}`, resource: '*' }),
  cloudformation(request) {
    const form = formOf(request);
    const name = form.get('StackName');
    // A stack is named by its name or by its ARN.
    const stack = name?.startsWith('arn:') ? name : `arn:aws:cloudformation:${ANYWHERE}:stack/${name}/1`;
    return { action: `cloudformation:${form.get('Action')}`, resource: name === null ? '*' : stack };
  },
  lambda({ method }, { pathname }) {
    if (pathname.includes('/account-settings')) return { action: 'lambda:GetAccountSettings', resource: '*' };
    const [, name, rest = ''] = /\/functions\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
    const action = FUNCTION_CALLS[`${method} ${rest}`];
    if (action === undefined) throw new Error(`${method} ${pathname} is not known here`);
    return { action: `lambda:${action}`, resource: `arn:aws:lambda:${ANYWHERE}:function:${name}` };
  },
  dynamodb({ headers, body }) {
    const table = JSON.parse(body).TableName;
    const resource = table === undefined ? '*' : `arn:aws:dynamodb:${ANYWHERE}:table/${table}`;
    return { action: `dynamodb:${operationOf(headers)}`, resource };
  },
  // An alias stands for its key.
  kms: ({ headers }) => ({
    action: `kms:${operationOf(headers)}`,
    resource: `arn:aws:kms:${ANYWHERE}:key/1`,
  }),
  s3({ method }, { pathname }) {
    const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
    // HEAD is allowed by what allows GET (Service Authorization Reference, "Amazon S3").
    const action = key === '' ? 'ListBucket' : method === 'PUT' ? 'PutObject' : 'GetObject';
    return { action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}${key === '' ? '' : `/${key}`}` };
  },
};

/** By method, and what stands behind the name. */
const FUNCTION_CALLS: Readonly<Record<string, string>> = {
  'GET ': 'GetFunction',
  'GET /aliases': 'ListAliases',
  'GET /concurrency': 'GetFunctionConcurrency',
  'GET /versions': 'ListVersionsByFunction',
  'POST /invocations': 'InvokeFunction',
};

function operationOf(headers: Sent['headers']): string {
  return String(headers['x-amz-target']).replace(/^.*\./, '');
}

function formOf({ body }: Sent): URLSearchParams {
  return new URLSearchParams(body);
}
