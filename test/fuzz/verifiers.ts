/** The verifiers of secrets, each with a second opinion: what is accepted was signed, and says what is read. */
import { createHmac, generateKeyPairSync, sign, verify } from 'node:crypto';
import type { Issuer } from '../../lib/domain/identity.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { parseAwsAssertion } from '../../lib/iam/aws-assertion.ts';
import { identityOf, tokenVerifier } from '../../lib/iam/signed-token.ts';
import { signCredential, verifyCredential } from '../../lib/usecases/secret-values.ts';
import { readsAsPattern } from '../domain/oracles/repository.ts';
import { proofOf } from '../iam/loopback-sts.ts';
import { goodClaims, NOW, NOW_MS } from '../iam/tokens.ts';
import { readJson } from './oracles/json.ts';
import { agree, orRefused, type Target } from './target.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ISSUER = 'https://iam.example/identity';
const verifySigned = tokenVerifier([
  {
    issuer: { issuer: ISSUER },
    keys: { find: async kid => (kid === 'k1' ? { key: publicKey, algorithm: undefined } : undefined) },
  },
]);

const encode = (text: string) => Buffer.from(text).toString('base64url');
const signed = (input: string) =>
  `${input}.${sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
const HEADER = '{"alg":"ES256","kid":"k1","typ":"JWT"}';

/** The input is a header, a payload and how they are signed: by our key, by its public half as an HMAC key, or not. */
const signedTokens: Target = {
  share: 8,
  seeds: [
    `${HEADER}\n${JSON.stringify(goodClaims())}\nsign`,
    `${HEADER}\n{"iss":"${ISSUER}"}\nsign`,
    `${HEADER}\n{"iss":"${ISSUER}"}\nforge`,
    `{"alg":"none","kid":"k1"}\n{"iss":"${ISSUER}"}\nnothing`,
    ...['"jwk":{}', '"jku":"x"', '"x5u":"x"', '"crit":["b64"],"b64":true', '"kid":"k2"'].map(
      member => `{"alg":"ES256","kid":"k1",${member}}\n{"iss":"${ISSUER}"}\nsign`,
    ),
  ],
  fragments: [
    '"alg":"none",',
    '"alg":"HS256",',
    '"jwk":{},',
    '"crit":["b64"],',
    '"kid":"k2",',
    '"iss":"x",',
    ',"b64":false',
    '\nsign',
  ],
  async check(text) {
    const [header = '', payload = '', how = ''] = text.split('\n');
    const token = tokenOf(header, payload, how);
    const claims = await verifySigned(token, NOW_MS).then(
      read => read.claims,
      (error: unknown) =>
        orRefused(() => {
          throw error;
        }),
    );
    return agree(claims === undefined ? undefined : JSON.stringify(claims), claimsByHand(token));
  },
};

function tokenOf(header: string, payload: string, how: string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  if (how === 'sign') return signed(input);
  if (how !== 'forge') return `${input}.${encode(how)}`;
  return `${input}.${createHmac('sha256', publicKey.export({ type: 'spki', format: 'pem' }))
    .update(input)
    .digest('base64url')}`;
}

function claimsByHand(token: string): string | undefined {
  const parts = token.split('.');
  const [header, payload] = parts.map(part => readJson(Buffer.from(part, 'base64url').toString()));
  if (header === undefined || payload === undefined || header.isAmbiguous || payload.isAmbiguous)
    return undefined;
  const named = Object(header.value) as Record<string, unknown>;
  const isForeign = ['jwk', 'jku', 'x5u', 'crit'].some(name => Object.hasOwn(named, name));
  if (Array.isArray(header.value) || named.alg !== 'ES256' || named.kid !== 'k1' || isForeign)
    return undefined;
  const signature = Buffer.from(parts[2] ?? '', 'base64url');
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
  const isSigned = verify('sha256', Buffer.from(`${parts[0]}.${parts[1]}`), key, signature);
  const { iss } = Object(payload.value) as { iss?: unknown };
  return isSigned && iss === ISSUER ? JSON.stringify(payload.value) : undefined;
}

const TRUSTED: Issuer = {
  key: 'ibm',
  issuer: ISSUER,
  keysUrl: 'https://iam.example/keys',
  tokenUrl: null,
  client: null,
  audience: 'https://pullpass.example',
  claims: { subject: 'iam_id', account: 'account.bss', valid: 'account.valid' },
};
const claims: Target = {
  share: 30,
  seeds: [
    JSON.stringify(goodClaims()),
    JSON.stringify(goodClaims({ aud: ['https://pullpass.example'], nbf: NOW })),
  ],
  fragments: [
    String(NOW),
    String(NOW + 31),
    String(NOW - 30),
    String(NOW + 86_391),
    '"aud":[]',
    '"nbf":',
    '["https://pullpass.example","x"]',
    '1e10',
    '"account":{},',
    '0.5',
    '"x"',
  ],
  check(text) {
    const value = readJson(text)?.value;
    const read = orRefused(() => identityOf(value, TRUSTED, NOW_MS));
    return agree(read && [read.account, read.subject, read.expiresAt], identityByHand(value));
  },
};

function identityByHand(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const own = (object: unknown, name: string) =>
    typeof object === 'object' && object !== null
      ? Object.getOwnPropertyDescriptor(object, name)?.value
      : undefined;
  const [aud, iat, exp, nbf = iat] = ['aud', 'iat', 'exp', 'nbf'].map(name => own(value, name));
  const isFor =
    aud === TRUSTED.audience || (Array.isArray(aud) && aud.length === 1 && aud[0] === TRUSTED.audience);
  const isWhole = [iat, exp, nbf].every(time => Number.isSafeInteger(time));
  const isTimely = exp > NOW - 30 && iat <= NOW + 30 && nbf <= NOW + 30 && exp - iat <= 86_400;
  const account = own(value, 'account');
  const names = [own(account, 'bss'), own(value, 'iam_id')];
  const areNames = names.every(
    name =>
      typeof name === 'string' &&
      name.length > 0 &&
      name.length <= 256 &&
      [...name].every(c => c > ' ' && c <= '~'),
  );
  if (!isFor || !isWhole || !isTimely || !areNames || own(account, 'valid') !== true) return undefined;
  return [`ibm:${names[0]}`, `ibm:${names[1]}`, exp];
}

const MAC_KEY = Buffer.alloc(32, 7);
const keys = {
  current: async () => 'k1',
  mac: async (name: string, text: string) =>
    name === 'k1' ? createHmac('sha256', MAC_KEY).update(text).digest() : undefined,
};
const credential =
  (
    await signCredential(
      keys,
      {
        jti: 'A'.repeat(22),
        handle: 'h'.repeat(16),
        parent: { kind: 'token', id: '0198a000-0000-7000-8000-000000000001', generation: 1 },
        service: 'localhost:5000',
        access: 'pull',
        repositories: ['team/*'],
        alsoPull: null,
        endsAt: NOW + 60,
      },
      NOW,
    )
  )?.reveal() ?? '';
const payloadIn = (text: string) => Buffer.from(text.slice(7, -43), 'base64url').toString();
const withMac = (payload: string) => {
  const body = `plc_k1.${encode(payload)}`;
  return body + createHmac('sha256', MAC_KEY).update(body).digest('base64url');
};

/** The input is a payload that is signed, or a whole credential. */
const credentials: Target = {
  share: 20,
  seeds: [
    credential,
    payloadIn(credential),
    payloadIn(credential).replace(/\["token".*?\]/, '["trust","gh:x",["a"]]'),
    payloadIn(credential).replace(/\["token".*?\]/, '["identity","ibm:x"]'),
  ],
  fragments: ['"push"', 'null', '["team/app"]', '"rival/*"', ',', '[', ']', '"token"', '1', ' '],
  async check(text) {
    const value = text.startsWith('plc_') ? text : withMac(text);
    const read = await verifyCredential(keys, new Secret(value), NOW);
    const list = read && [
      read.jti,
      read.handle,
      parentOf(read.parent),
      read.service,
      read.access,
      read.repositories,
      read.alsoPull,
      read.endsAt,
    ];
    return agree(list && JSON.stringify(list), credentialByHand(value));
  },
};

function parentOf(parent: NonNullable<Awaited<ReturnType<typeof verifyCredential>>>['parent']): unknown {
  if (parent.kind === 'token') return [parent.kind, parent.id, parent.generation];
  return parent.kind === 'identity'
    ? [parent.kind, parent.subject]
    : [parent.kind, parent.subject, parent.ids];
}

function credentialByHand(value: string): string | undefined {
  const body = value.slice(0, -43);
  const isSigned = createHmac('sha256', MAC_KEY).update(body).digest('base64url') === value.slice(-43);
  const isShaped = /^plc_k1\.[\w-]+$/.test(body) && !/\s/.test(body) && value.length <= 1024;
  if (!isSigned || !isShaped) return undefined;
  const payload = payloadIn(value);
  const list = readJson(payload)?.value;
  if (!Array.isArray(list) || list.length !== 8 || JSON.stringify(list) !== payload) return undefined;
  const [jti, handle, parent, service, access, ...bounds] = list as unknown[];
  const [repositories, alsoPull, endsAt] = bounds;
  const isText = (text: unknown): text is string => typeof text === 'string';
  const arePatterns = (some: unknown) =>
    some === null || (Array.isArray(some) && some.every(one => isText(one) && readsAsPattern(one)));
  const isNamed =
    isText(jti) &&
    /^[\w-]{22}$/.test(jti) &&
    isText(handle) &&
    /^[0-9A-Za-z]{16}$/.test(handle) &&
    !/\s/.test(jti + handle);
  const isBound = arePatterns(repositories) && arePatterns(alsoPull) && Number.isSafeInteger(endsAt);
  const isOffered = isText(service) && (access === 'pull' || access === 'push');
  return isNamed && isBound && isOffered && isParent(parent) ? payload : undefined;
}

function isParent(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [kind, name, more, ...rest] = value as unknown[];
  if (typeof name !== 'string' || rest.length > 0) return false;
  if (kind === 'token') return value.length === 3 && Number.isSafeInteger(more);
  if (!name.includes(':')) return false;
  if (kind === 'identity') return value.length === 2;
  return kind === 'trust' && Array.isArray(more) && more.every(id => typeof id === 'string');
}

const proof = await proofOf();
const awsAssertions: Target = {
  share: 30,
  seeds: [
    proof,
    `${proof}&Action=GetCallerIdentity`,
    proof.replace('?', '?Action=x&'),
    proof.replace('sts.', 'sts.evil.'),
  ],
  fragments: [
    '&Action=GetCallerIdentity',
    '%41',
    '&X-Amz-Expires=900',
    'sts.us-east-1.amazonaws.com',
    '@evil.example',
    ':8443',
    '#',
    '/../',
    '&x=y',
    '%00',
  ],
  check(text) {
    const read = orRefused(() => parseAwsAssertion(text, NOW_MS));
    if (read === undefined) return false;
    return agree(assertionByUrl(text, read.query), [read.host.name, true]);
  },
};

/** What a client of HTTP makes of the text: where it would send it, and whether it is what we would send. */
function assertionByUrl(text: string, query: string): unknown {
  const url = new URL(text);
  const given = [...url.searchParams].sort();
  const [date = '', life] = [
    url.searchParams.get('X-Amz-Date') ?? '',
    Number(url.searchParams.get('X-Amz-Expires')),
  ];
  const signedAt = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5')) / 1000;
  const isPlain =
    url.username + url.password + url.port + url.hash === '' &&
    url.protocol === 'https:' &&
    url.pathname === '/';
  const isOfSts = /^sts(\.[a-z]+(-[a-z]+)+-\d)?\.amazonaws\.com(\.cn)?$/.test(url.hostname);
  const isOnce = new Set(given.map(([name]) => name)).size === given.length;
  const isTimely = signedAt <= NOW + 30 && signedAt + Math.min(life, 300) > NOW && life <= 900;
  const isSame = JSON.stringify([...new URLSearchParams(query)].sort()) === JSON.stringify(given);
  const asks =
    url.searchParams.get('Action') === 'GetCallerIdentity' &&
    url.searchParams.get('X-Amz-SignedHeaders') === 'host;x-pullpass-server-id';
  return [url.hostname, isPlain && isOfSts && isOnce && isTimely && isSame && asks];
}

export const VERIFIERS: Readonly<Record<string, Target>> = {
  'signed tokens': signedTokens,
  'claims of a token': claims,
  credentials,
  'AWS assertions': awsAssertions,
};
