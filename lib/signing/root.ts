/** The root of a service, which certifies its leaves. Only key rotation reads its private key. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { LEAF_LEAD_SECONDS, LEAF_SECONDS } from '../domain/key-ring.ts';
import * as v from '../domain/schema.ts';
import type { Authority } from './certificates.ts';
import type { KeyTransaction } from './key-store.ts';
import { Base64, newPrivateKey, readDocument, toPem, writeDocument } from './keys.ts';

const RootDocument = v.strictObject({
  version: v.literal(1),
  service: v.string(),
  /** PKCS #8, PEM; of the first certificate. */
  privateKey: v.string(),
  /** DER, newest first. The others are former roots, whose leaves are still valid. */
  certificates: v.pipe(v.array(Base64), ([newest, ...former], place) =>
    newest === undefined ? place.at(0).refuse('is missing') : ([newest, ...former] as const),
  ),
});
type RootDocument = v.InferOutput<typeof RootDocument>;

/** A root that is ready to certify. */
export interface Root {
  readonly authority: Authority;
  /** What the bundle holds: DER in base64, newest first. */
  readonly certificates: readonly string[];
  /** When the newest ends, in seconds since 1970. */
  readonly endsAt: number;
}

/** Whether there is a root. Throws for the root of another service. */
export async function hasRoot(keys: Pick<KeyTransaction, 'read'>, service: string): Promise<boolean> {
  return (await readRoot(keys, service)) !== undefined;
}

/**
 * The root that certifies now. A new one is created when there is none, when the last one would end before the next leaf,
 * and when it begins in the future, because it was made by a clock that was ahead; registries then need the new bundle.
 */
export async function maintainRoot(keys: KeyTransaction, service: string, now: number): Promise<Root> {
  const stored = await readRoot(keys, service);
  if (stored !== undefined && isValid(stored, now)) return ready(stored);
  return store(keys, await newRoot(service, now, stored?.certificates));
}

/** Replaces all roots. Once registries have the new bundle, they no longer trust what the old roots have certified. */
export async function replaceRoot(keys: KeyTransaction, service: string, now: number): Promise<Root> {
  await keys.read('root.json');
  return store(keys, await newRoot(service, now));
}

/** Whether one of the root's certificates has certified a leaf (DER in base64). */
export function hasCertified({ certificates }: Root, leaf: string): boolean {
  const issued = certificate(leaf);
  return certificates.some(by => issued.verify(certificate(by).publicKey));
}

async function readRoot(
  keys: Pick<KeyTransaction, 'read'>,
  service: string,
): Promise<RootDocument | undefined> {
  const text = await keys.read('root.json');
  if (text === undefined) return undefined;
  const root = readDocument(RootDocument, text, `the root of ${service}`);
  if (root.service !== service) throw new Error(`the root of ${service}: belongs to another service`);
  return root;
}

async function store(keys: KeyTransaction, root: RootDocument): Promise<Root> {
  await keys.write('root.json', writeDocument(root));
  return ready(root);
}

async function newRoot(service: string, now: number, former: readonly string[] = []): Promise<RootDocument> {
  const privateKey = await newPrivateKey('ES256');
  // Loaded with the first certificate that is made: its library takes a sixth of the start of `npm start`.
  const { certifyRoot } = await import('./certificates.ts');
  const { certificate: der } = await certifyRoot(service, privateKey, now);
  const alive = former.filter(old => endOf(old) > now);
  return {
    version: 1,
    service,
    privateKey: toPem(privateKey),
    certificates: [Buffer.from(der).toString('base64'), ...alive],
  };
}

function ready({ privateKey, certificates }: RootDocument): Root {
  const [newest] = certificates;
  return {
    authority: { privateKey: createPrivateKey(privateKey), certificate: Buffer.from(newest, 'base64') },
    certificates,
    endsAt: endOf(newest),
  };
}

/** Now, and for as long as a leaf that it certifies now. */
function isValid({ certificates: [newest] }: RootDocument, now: number): boolean {
  const startsAt = certificate(newest).validFromDate.getTime() / 1000;
  return startsAt <= now && endOf(newest) >= now + LEAF_LEAD_SECONDS + LEAF_SECONDS;
}

function endOf(der: string): number {
  return certificate(der).validToDate.getTime() / 1000;
}

function certificate(der: string): X509Certificate {
  return new X509Certificate(Buffer.from(der, 'base64'));
}
