/** Bad JWTs, each with one thing wrong, made from what a good one says: a table by what is wrong. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encode, signToken, type TestKey } from '../iam/tokens.ts';
import { NOW } from './records.ts';

type Json = Readonly<Record<string, unknown>>;

export interface Good {
  /** Of the issuer, which publishes it as `k1`. */
  readonly key: TestKey;
  /** Which another issuer publishes as `k1` too. */
  readonly foreignKey: TestKey;
  /** The RSA key that the issuer publishes as `rsa`, for RS256 alone. */
  readonly rsa: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly claims: Json;
  /** The `iss` of the other issuer. */
  readonly foreignIssuer: string;
  /** A server that nothing may connect to. */
  readonly trap: string;
}

export type Forged = readonly (readonly [what: string, token: string])[];

const HEADER = { alg: 'ES256', kid: 'k1' };
const show = (value: unknown) => String(JSON.stringify(value)).slice(0, 60);

export function forgedTokens(good: Good): Forged {
  return [
    ...algorithms(good),
    ...confusions(good),
    ...keyNames(good),
    ...foreignKeys(good),
    ...times(good),
    ...issuers(good),
    ...structures(good),
    ...signatures(good),
    ...members(good),
  ];
}

function algorithms({ key, rsa, claims }: Good): Forged {
  const known = ['ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519'];
  const foreign = ['HS256', 'HS384', 'HS512', 'ES256K', 'RSA-OAEP', 'dir', 'A128KW', 'PBES2-HS256+A128KW'];
  const odd = ['none', 'None', 'NONE', 'nOnE', '', ' ES256', 'ES256 ', 'es256', 'ES256\0', 'ES256,none'];
  const values = [...known, ...foreign, ...odd, null, 0, true, ['ES256'], { alg: 'ES256' }, undefined];
  const input = (header: Json) => `${encode(header)}.${encode(claims)}`;
  const rsaSigned = (alg: string, digest: string) => {
    const text = input({ alg, kid: 'rsa' });
    return `${text}.${sign(digest, Buffer.from(text), rsa.privateKey).toString('base64url')}`;
  };
  const pss = (alg: string, digest: string) => {
    const text = input({ alg, kid: 'rsa' });
    const options = { key: rsa.privateKey, padding: 6, saltLength: 32 };
    return `${text}.${sign(digest, Buffer.from(text), options).toString('base64url')}`;
  };
  return [
    ...values.map(alg => [`algorithm ${show(alg)}`, signToken(key, claims, { ...HEADER, alg })] as const),
    ...['none', 'None', 'NONE', 'nOnE', '', 'ES256', 'HS256'].flatMap(alg => [
      [`no signature under ${show(alg)}`, `${input({ ...HEADER, alg })}.`] as const,
      [`no third part under ${show(alg)}`, input({ ...HEADER, alg })] as const,
      [`a signature of nothing under ${show(alg)}`, `${input({ ...HEADER, alg })}.AA`] as const,
    ]),
    ['RS384 by a key for RS256', rsaSigned('RS384', 'sha384')],
    ['RS512 by a key for RS256', rsaSigned('RS512', 'sha512')],
    ['PS256 by a key for RS256', pss('PS256', 'sha256')],
    ['RS256 that says ES256', rsaSigned('ES256', 'sha256')],
  ];
}

/** CVE-2015-9235: everything public about the key, as a shared secret. */
function confusions({ key, rsa, claims }: Good): Forged {
  const pem = (of: KeyObject) => of.export({ type: 'spki', format: 'pem' }).toString();
  const der = (of: KeyObject) => of.export({ type: 'spki', format: 'der' });
  const jwk = rsa.publicKey.export({ format: 'jwk' });
  const secrets: Record<string, string | Buffer> = {
    'the PEM of the key': pem(rsa.publicKey),
    'the PEM without its last line break': pem(rsa.publicKey).trimEnd(),
    'the DER of the key': der(rsa.publicKey),
    'the key as JSON': JSON.stringify(jwk),
    'the modulus': String(jwk.n),
    'the bytes of the modulus': Buffer.from(String(jwk.n), 'base64url'),
    'the key as it is published': JSON.stringify(key.jwk),
    'a coordinate': String(key.jwk.x),
    'the name of the key': 'k1',
    'the secret in the key set': 'shared-secret',
    nothing: '',
  };
  return Object.entries(secrets).flatMap(([what, secret]) =>
    [256, 384, 512].flatMap(bits =>
      ['k1', 'rsa', 'oct'].map(kid => {
        const input = `${encode({ alg: `HS${bits}`, kid })}.${encode(claims)}`;
        const mac = createHmac(`sha${bits}`, secret).update(input).digest('base64url');
        return [`HS${bits} with ${what}, for ${kid}`, `${input}.${mac}`] as const;
      }),
    ),
  );
}

function keyNames({ key, foreignKey, claims, trap }: Good): Forged {
  const odd = [
    '',
    'K1',
    'k1 ',
    ' k1',
    'k1\0',
    'k1\n',
    'k２',
    '../k1',
    'k1/../k1',
    '/dev/null',
    'file:///dev/null',
  ];
  const worse = [
    "k1' OR '1'='1",
    '__proto__',
    'constructor',
    'toString',
    'enc',
    'oct',
    'rsa',
    'unknown',
    '*',
    '0',
  ];
  const values = [
    ...odd,
    ...worse,
    `${trap}/keys`,
    'x'.repeat(3000),
    null,
    0,
    1,
    true,
    ['k1'],
    { kid: 'k1' },
    undefined,
  ];
  return [
    ...values.map(kid => [`key named ${show(kid)}`, signToken(key, claims, { ...HEADER, kid })] as const),
    ['the key of another issuer under the same name', signToken(foreignKey, claims, HEADER)],
    ...['k1', 'rsa', 'oct', 'enc'].map(kid => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return [
        `a foreign key as ${kid}`,
        signToken({ ...key, privateKey }, claims, { ...HEADER, kid }),
      ] as const;
    }),
  ];
}

/** CVE-2025-24976 and its like: what the token brings along to be verified by. */
function foreignKeys({ key, foreignKey, claims, trap }: Good): Forged {
  const jwk = { ...foreignKey.jwk, kid: 'k1' };
  const brought: Record<string, readonly unknown[]> = {
    jwk: [jwk, key.jwk, {}, null, '', 'k1'],
    jku: [`${trap}/keys`, 'https://169.254.169.254/', 'file:///etc/passwd', '', null, 0],
    x5u: [`${trap}/chain.pem`, 'http://[::1]:1/', '', null],
    crit: [['exp'], ['b64'], ['jku'], [], null, 'exp', ['']],
  };
  const together = { ...HEADER, b64: false, crit: ['b64'] };
  return [
    ...Object.entries(brought).flatMap(([name, values]) =>
      values.flatMap(value => [
        [
          `${name} ${show(value)}, signed by its key`,
          signToken(foreignKey, claims, { ...HEADER, [name]: value }),
        ] as const,
        [
          `${name} ${show(value)}, signed by the issuer`,
          signToken(key, claims, { ...HEADER, [name]: value }),
        ] as const,
      ]),
    ),
    ['x5c of a foreign key', signToken(foreignKey, claims, { ...HEADER, x5c: [encode('certificate')] })],
    ['a payload that is not encoded', signToken(key, claims, together)],
  ];
}

function times({ key, claims }: Good): Forged {
  const exp = NOW + 600;
  const absurd = [
    '',
    'soon',
    String(exp),
    exp + 0.5,
    1e308,
    -1e308,
    2 ** 53,
    [],
    [exp],
    {},
    true,
    false,
    null,
  ];
  const raw = (name: string, text: string) =>
    JSON.stringify({ ...claims, [name]: 'RAW' }).replace('"RAW"', text);
  const rows = ['exp', 'iat', 'nbf'].flatMap(name => [
    ...absurd.map(value => [`${name} ${show(value)}`, signToken(key, { ...claims, [name]: value })] as const),
    ...['1e999', '-1e999', '1790003600.000000001e3'].map(
      text => [`${name} ${text}`, signToken(key, raw(name, text))] as const,
    ),
  ]);
  const now = (facts: Json) => signToken(key, { ...claims, ...facts });
  return [
    ...rows,
    ['no exp', now({ exp: undefined })],
    ['no iat', now({ iat: undefined })],
    ['exp in 1970', now({ exp: 0 })],
    ['exp before 1970', now({ exp: -1 })],
    ['exp just too long ago', now({ exp: NOW - 30 })],
    ['exp in milliseconds', now({ exp: exp * 1000 })],
    ['exp in ten years', now({ exp: NOW + 315_360_000 })],
    ['a life of more than a day', now({ iat: NOW, exp: NOW + 86_401 })],
    ['iat in 1970', now({ iat: 0 })],
    ['iat in the future', now({ iat: NOW + 31 })],
    ['nbf in the future', now({ nbf: NOW + 31 })],
    ['nbf in milliseconds', now({ nbf: NOW * 1000 })],
  ];
}

function issuers({ key, foreignKey, claims, foreignIssuer, trap }: Good): Forged {
  const iss = String(claims.iss);
  const near = [
    `${iss}/`,
    iss.toUpperCase(),
    iss.replace('https', 'http'),
    `${iss}.evil.example`,
    `${iss} `,
    `${iss}\0`,
  ];
  const far = [
    '',
    'https://',
    trap,
    `${trap}/.well-known/openid-configuration`,
    '__proto__',
    'constructor',
    '*',
    'localhost',
  ];
  const odd = [null, 0, true, [iss], { iss }, [[iss]], undefined];
  return [
    ...[...near, ...far, ...odd].flatMap(value => [
      [`issuer ${show(value)}`, signToken(key, { ...claims, iss: value })] as const,
      [
        `issuer ${show(value)}, with a foreign key`,
        signToken(foreignKey, { ...claims, iss: value }),
      ] as const,
    ]),
    ['the other issuer, by this key', signToken(key, { ...claims, iss: foreignIssuer })],
  ];
}

function structures({ key, claims }: Good): Forged {
  const token = signToken(key, claims);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const padded = (part: string) => part.padEnd(Math.ceil(part.length / 4) * 4 + 4, '=');
  const looser = (part: string) => part.slice(0, -1) + next(part.at(-1) ?? '');
  const jwe = [encode({ alg: 'dir', enc: 'A256GCM', kid: 'k1' }), '', 'AAAA', 'AAAA', 'AAAA'].join('.');
  const p2c = { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 2_147_483_647, p2s: 'AAAA', kid: 'k1' };
  const bomb = [
    encode({ alg: 'dir', enc: 'A256GCM', zip: 'DEF', kid: 'k1' }),
    '',
    'AAAA',
    'AAAA',
    'AAAA',
  ].join('.');
  return [
    ['a megabyte of dots', '.'.repeat(1_000_000)],
    ['many dots', '.'.repeat(5000)],
    ['a megabyte of letters', 'A'.repeat(1_000_000)],
    ['a token of more than 16 KiB', signToken(key, { ...claims, filler: 'x'.repeat(16_000) })],
    ...['.', '..', '...', 'a', 'a.b', 'a.b.c', '.b.c', 'a..c', 'a.b.'].map(
      text => [`only ${text}`, text] as const,
    ),
    ['a fourth part', `${token}.${signature}`],
    ['a fourth, empty part', `${token}.`],
    ['a first, empty part', `.${token}`],
    ['an encrypted token', jwe],
    ['an encrypted token that costs much to open', [encode(p2c), 'AAAA', 'AAAA', 'AAAA', 'AAAA'].join('.')],
    ['an encrypted token that inflates', bomb],
    ...[' ', '\n', '\t', '\r\n', '\0', '\u00a0', '\ufeff', '=', '%20', ',', ';', '"'].flatMap(odd => [
      [`${show(odd)} before`, odd + token] as const,
      [`${show(odd)} behind`, token + odd] as const,
      [`${show(odd)} inside`, `${header}.${odd}${payload}.${signature}`] as const,
    ]),
    ['a padded header', [padded(header), payload, signature].join('.')],
    ['a padded payload', [header, padded(payload), signature].join('.')],
    ['a padded signature', [header, payload, padded(signature)].join('.')],
    ['a signature with bits to spare', [header, payload, looser(signature)].join('.')],
    ['standard base64', token.replaceAll('-', '+').replaceAll('_', '/').replace(/$/, '/')],
    ['letters that look alike', token.replace('e', 'е')],
    ['full-width letters', token.replace('J', 'Ｊ')],
    ['JSON instead of parts', JSON.stringify({ protected: header, payload, signature })],
    [
      'JSON with many signatures',
      JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    ],
    ['Bearer before it', `Bearer ${token}`],
    ['a token inside a token', signToken(key, token)],
    ['another type of content', signToken(key, token, { ...HEADER, cty: 'JWT' })],
    ...['null', '[]', '1', '"x"', '{', '{}', '', '{}{}', ' ', 'undefined', `${JSON.stringify(claims)},`].map(
      text => [`the payload ${show(text)}`, signToken(key, text)] as const,
    ),
    ...['null', '[]', '{', '"ES256"', '{"alg":"ES256","kid":"k1"', '{"alg":"ES256","kid":"k1",}'].map(
      text => [`the header ${show(text)}`, signToken(key, claims, text)] as const,
    ),
    ['a payload behind a byte order mark', signToken(key, `\ufeff${JSON.stringify(claims)}`)],
    ['a payload in UTF-16', signToken(key, Buffer.from(JSON.stringify(claims), 'utf16le'))],
    ['a payload that is no UTF-8', signToken(key, broken(claims))],
    ['a header that is no UTF-8', signToken(key, claims, broken({ ...HEADER, x: 'ab' }))],
    ['nesting without end', signToken(key, nested(JSON.stringify(claims)))],
  ];
}

/** The letter whose bits differ from this one's in the last place only, where base64url of 64 bytes says nothing. */
function next(letter: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return digits[digits.indexOf(letter) + 1] ?? 'B';
}

function broken(value: Json): Buffer {
  const bytes = Buffer.from(JSON.stringify({ ...value, broken: 'ab' }));
  bytes[bytes.lastIndexOf('ab')] = 0xff;
  return bytes;
}

function nested(claims: string): string {
  return claims.replace(/\}$/, `,"deep":${'['.repeat(30)}${']'.repeat(30)}}`);
}

function signatures({ key, foreignKey, claims }: Good): Forged {
  const token = signToken(key, claims);
  const at = token.lastIndexOf('.');
  const input = token.slice(0, at);
  const signature = Buffer.from(token.slice(at + 1), 'base64url');
  const der = sign('sha256', Buffer.from(input), key.privateKey);
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)];
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const bytesOf = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
  const flipped = (index: number) => Buffer.from(signature.map((byte, i) => (i === index ? byte ^ 1 : byte)));
  const other = signToken(key, { ...claims, jti: 'another' });
  const bad: Record<string, Buffer> = {
    'zeros for a signature (CVE-2022-21449)': Buffer.alloc(64),
    'the order for a signature': Buffer.concat([bytesOf(order), bytesOf(order)]),
    'ones for a signature': Buffer.alloc(64, 0xff),
    'the halves of the signature the other way round': Buffer.concat([s, r]),
    'half a signature': r,
    'a signature with a byte more': Buffer.concat([signature, Buffer.alloc(1)]),
    'a signature with a byte less': signature.subarray(0, 63),
    'a signature in DER': der,
    'a signature twice': Buffer.concat([signature, signature]),
    'a first half beyond the order': Buffer.concat([
      bytesOf((BigInt(`0x${r.toString('hex')}`) + order) % 2n ** 256n),
      s,
    ]),
  };
  return [
    ...Object.entries(bad).map(([what, bytes]) => [what, `${input}.${bytes.toString('base64url')}`] as const),
    ...[0, 7, 31, 32, 40, 63].map(
      i => [`bit ${i * 8} flipped`, `${input}.${flipped(i).toString('base64url')}`] as const,
    ),
    ['the signature of another token', `${input}${other.slice(other.lastIndexOf('.'))}`],
    [
      'the payload of another token',
      [...other.split('.').slice(0, 2), signature.toString('base64url')].join('.'),
    ],
    ['the signature of a foreign key', signToken(foreignKey, claims)],
  ];
}

/** Members twice: what one reader checks would not be what another uses. */
function members({ key, claims }: Good): Forged {
  const twice = (json: string, name: string, value: unknown) =>
    json.replace('{', `{${JSON.stringify(name)}:${JSON.stringify(value)},`);
  const text = JSON.stringify(claims);
  const escaped = (name: string) => `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;
  return [
    ...Object.keys(claims).flatMap(name => [
      [`${name} twice`, signToken(key, twice(text, name, claims[name]))] as const,
      [`${name} once in escapes`, signToken(key, text.replace('{', `{"${escaped(name)}":"x",`))] as const,
    ]),
    ...['alg', 'kid'].map(
      name =>
        [
          `${name} twice in the header`,
          signToken(key, claims, twice(JSON.stringify(HEADER), name, 'none')),
        ] as const,
    ),
    ['a member named __proto__', signToken(key, text.replace('{', '{"__proto__":{"admin":true},'))],
    ['a header member named __proto__', signToken(key, claims, '{"alg":"ES256","kid":"k1","__proto__":{}}')],
  ];
}

/** Values that name no audience of ours, for claims whose `aud` is `mine`. */
export function forgedAudiences({ key, claims }: Good, mine: string): Forged {
  const near = [
    `${mine}/`,
    mine.toUpperCase(),
    mine.replace('https', 'http'),
    `${mine}x`,
    mine.slice(0, -1),
    ` ${mine}`,
  ];
  const odd = [
    '',
    '*',
    null,
    0,
    true,
    {},
    { aud: mine },
    [],
    [mine, mine],
    [mine, 'x'],
    ['x', mine],
    [[mine]],
    undefined,
  ];
  const more = [
    `${mine}\0`,
    `${mine}#`,
    `${mine}?`,
    encodeURI(mine).replace(':', '%3A'),
    `none:${mine}`,
    'sts.amazonaws.com',
  ];
  return [...near, ...odd, ...more].map(
    aud => [`audience ${show(aud)}`, signToken(key, { ...claims, aud })] as const,
  );
}

/** Values that name no caller, at the claims that should. */
export function forgedNames({ key, claims }: Good, names: readonly string[]): Forged {
  const values = [
    '',
    ' ',
    'a b',
    'a\n',
    'ä',
    'a\0',
    '\u202e',
    'x'.repeat(257),
    null,
    0,
    7,
    true,
    [],
    ['a'],
    {},
    undefined,
  ];
  const withValue = (path: string, value: unknown): Json => {
    const [head = '', ...rest] = path.split('.');
    return { ...claims, [head]: rest.length === 0 ? value : { [rest.join('.')]: value } };
  };
  return names.flatMap(path =>
    values.map(value => [`${path} ${show(value)}`, signToken(key, withValue(path, value))] as const),
  );
}
