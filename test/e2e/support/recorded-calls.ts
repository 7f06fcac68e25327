/** What a command asked AWS for, as IAM names it: moto's recorder, with the action and the resource of each request. */

export interface RecordedCall {
  readonly action: string;
  readonly resource: string;
}

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly body_encoded?: boolean;
}

const ANYWHERE = 'eu-central-1:123456789012';

/** Begins to record what reaches a moto. */
export async function record(endpoint: string): Promise<void> {
  await fetch(`${endpoint}/moto-api/recorder/start-recording`, { method: 'POST' });
}

/** Everything that was recorded. Throws for what it does not know. */
export async function recordedCalls(endpoint: string): Promise<RecordedCall[]> {
  const text = await (await fetch(`${endpoint}/moto-api/recorder/download-recording`)).text();
  const requests: Recorded[] = text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  return requests.filter(({ url }) => !url.includes('/moto-api/')).map(callOf);
}

function callOf(request: Recorded): RecordedCall {
  const headers = new Map(
    Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const [, service = ''] = /\/([a-z0-9-]+)\/aws4_request/.exec(headers.get('authorization') ?? '') ?? [];
  const of = SERVICES[service];
  if (of === undefined) throw new Error(`${request.method} ${request.url} is not known here`);
  return of(request, new URL(request.url, 'http://moto'));
}

const SERVICES: Readonly<Record<string, (request: Recorded, url: URL) => RecordedCall>> = {
  sts: request => ({ action: `sts:${formOf(request).get('Action')}`, resource: '*' }),
  cloudformation(request) {
    const form = formOf(request);
    const name = form.get('StackName');
    // A stack is named by its name or by its ARN.
    const stack = name?.startsWith('arn:') ? name : `arn:aws:cloudformation:${ANYWHERE}:stack/${name}/1`;
    return { action: `cloudformation:${form.get('Action')}`, resource: name === null ? '*' : stack };
  },
  lambda({ method }, { pathname }) {
    const [, name, rest = ''] = /\/functions\/([^/]+)(\/.*)?$/.exec(pathname) ?? [];
    const action = FUNCTION_CALLS[`${method} ${rest}`];
    if (action === undefined) throw new Error(`${method} ${pathname} is not known here`);
    return { action: `lambda:${action}`, resource: `arn:aws:lambda:${ANYWHERE}:function:${name}` };
  },
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
};

function formOf({ body, body_encoded: isEncoded }: Recorded): URLSearchParams {
  return new URLSearchParams(isEncoded ? Buffer.from(body ?? '', 'base64').toString() : (body ?? ''));
}
