/** The parts of a login, each alone and hot: what one takes, and so what could be gained by making it faster. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { ROUTES } from '../../lib/api/routes.ts';
import { ResponseReader } from '../../lib/aws/response.ts';
import { requestSigner } from '../../lib/aws/signature.ts';
import { PULL, parseScopes } from '../../lib/domain/access.ts';
import { accessTokenClaims } from '../../lib/domain/access-token.ts';
import { deniedScopes, grant } from '../../lib/domain/grant.ts';
import { hashRegistryToken, parseRegistryToken } from '../../lib/domain/registry-token.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { parseAuthorization } from '../../lib/http/credentials.ts';
import { readEvent } from '../../lib/http/event.ts';
import { parseForm } from '../../lib/http/form.ts';
import { createRouter } from '../../lib/http/router.ts';
import { decodeItem, type WireItem } from '../../lib/store/conditions.ts';
import { fromTokenItem } from '../../lib/store/token-items.ts';
import { embeddedMetrics, structuredLog } from '../../lib/telemetry/log.ts';
import { loginEvent } from '../support/lambda-size.ts';
import { interleaved } from '../support/pieces.ts';
import { type Row, row } from '../support/row.ts';
import { onWire, tokenItem } from '../support/world.ts';

const SCOPE = 'repository:team-a/app:pull';
const QUERY = `account=token&scope=${encodeURIComponent(SCOPE)}&service=registry.example`;

export async function loginParts(): Promise<Row[]> {
  const { value, item } = tokenItem('dev:acme');
  const figures = await interleaved(
    { ...ofRequest(value), ...ofRead(onWire(item) as WireItem), ...ofAnswer() },
    1_500,
  );
  const byCost = Object.entries(figures).sort(([, a], [, b]) => b - a);
  return byCost.map(([part, us]) => row('', part, { value: us, unit: 'µs', digits: 2 }));
}

type Parts = Record<string, () => unknown>;

function ofRequest(value: string): Parts {
  const event = loginEvent(value);
  const router = createRouter(ROUTES.login);
  const secret = new Secret(value);
  const basic = `Basic ${Buffer.from(`token:${value}`).toString('base64')}`;
  return {
    'the event': () => readEvent(event),
    'the route': () => router.match('GET', '/oauth/token'),
    'the query': () => parseForm(QUERY),
    'the scopes': () => parseScopes([SCOPE]),
    'the header Authorization': () => parseAuthorization(basic),
    "the token's address": () => parseRegistryToken(secret),
    "the token's hash": () => hashRegistryToken(secret),
  };
}

function ofRead(wire: WireItem): Parts {
  const credentials = { accessKeyId: 'id', secretAccessKey: new Secret('secret'), sessionToken: undefined };
  const signer = requestSigner({ region: 'local', service: 'dynamodb' }, credentials);
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host: 'dynamodb.eu-central-1.amazonaws.com',
    'x-amz-date': '20261128T150000Z',
    'x-amz-security-token': 'x'.repeat(700),
    'x-amz-target': 'DynamoDB_20120810.BatchGetItem',
  };
  const body = 'x'.repeat(300);
  const text = JSON.stringify({ Responses: { pullpass: [wire] } });
  const response = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`);
  const reader = new ResponseReader();
  const item = decodeItem(wire);
  return {
    'Signature Version 4': () => signer(headers, body),
    'the response': () => reader.read(response),
    'the JSON of the response': () => JSON.parse(text),
    "the item's attributes": () => decodeItem(wire),
    'the record in the item': () => fromTokenItem(item),
  };
}

function ofAnswer(): Parts {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = Buffer.alloc(1_500, 'x');
  const requested = parseScopes([SCOPE]);
  const permissions = [{ repositories: null, actions: PULL }];
  const owned = new Set(['team-a']);
  const issuance = {
    issuer: 'https://pullpass.example',
    service: 'registry.example',
    subject: 'token:1',
    jti: 'x',
  };
  const nowhere = { write: () => undefined, clock: Date.now };
  const log = structuredLog(nowhere);
  const metrics = embeddedMetrics({ stage: 'bench', ...nowhere });
  const fields = {
    requestId: 'r',
    userName: 'token',
    account: 'dev:acme',
    requested: SCOPE,
    granted: SCOPE,
    missing: '',
  };
  return {
    'a signature with ES256': () => sign('sha256', signed, privateKey),
    'the grant': () => grant(requested, permissions, owned),
    'what is denied': () => deniedScopes(requested, permissions, owned),
    'the claims': () =>
      accessTokenClaims({ ...issuance, granted: grant(requested, permissions, owned) }, 300, 1e9),
    'the line of the log': () => log.info('login', fields),
    'the line of figures': () => {
      metrics.count('Logins');
      metrics.observe('LatencyMs', 3);
      metrics.flush({ requestId: 'r' });
    },
  };
}
