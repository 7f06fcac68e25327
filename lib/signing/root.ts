/** The root of a service that certifies its leaves. Its private key is read by maintenance and by nobody else. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { LEAF_LEAD_SECONDS, LEAF_SECONDS } from '../domain/key-ring.ts';
import { type Authority, certifyRoot } from './certificates.ts';
import { Base64, readDocument, writeDocument } from './document.ts';
import type { KeyDirectory } from './key-directory.ts';
import { newPrivateKey, toPem } from './private-key.ts';

const RootDocument = v.strictObject({
  version: v.literal(1),
  service: v.string(),
  /** PKCS #8, PEM; of the first certificate. */
  privateKey: v.string(),
  /** DER, newest first. The others are former roots, whose leaves still live. */
  certificates: v.tupleWithRest([Base64], Base64),
});
type RootDocument = v.InferOutput<typeof RootDocument>;

/** The stored root; undefined when there is none. Throws when it is not this service's. */
export async function readRoot(directory: KeyDirectory, service: string): Promise<RootDocument | undefined> {
  const text = await directory.read(service, 'root.json');
  if (text === undefined) return undefined;
  const root = readDocument(RootDocument, text, `the root of ${service}`);
  if (root.service !== service) throw new Error(`the root of ${service}: belongs to another service`);
  return root;
}

/**
 * The root that certifies now, with its bundle in place. A new one is made when there is none, and when the last
 * one would end before the leaf that it has to certify; registries then have to be given the new bundle.
 */
export async function maintainRoot(
  directory: KeyDirectory,
  service: string,
  now: number,
): Promise<Authority> {
  const stored = await readRoot(directory, service);
  const root =
    stored !== undefined && outlivesLeaves(stored, now) ? stored : await renew(stored, service, now);
  if (root !== stored) await directory.write(service, 'root.json', writeDocument(root));
  const bundle = root.certificates.map(der => certificate(der).toString()).join('');
  if ((await directory.read(service, 'rootcertbundle.pem')) !== bundle) {
    await directory.write(service, 'rootcertbundle.pem', bundle);
  }
  return {
    privateKey: createPrivateKey(root.privateKey),
    certificate: Buffer.from(root.certificates[0], 'base64'),
  };
}

async function renew(former: RootDocument | undefined, service: string, now: number): Promise<RootDocument> {
  const privateKey = await newPrivateKey('ES256');
  const { certificate: der } = await certifyRoot(service, privateKey, now);
  const alive = former?.certificates.filter(old => endOf(old) > now) ?? [];
  return {
    version: 1,
    service,
    privateKey: toPem(privateKey),
    certificates: [Buffer.from(der).toString('base64'), ...alive],
  };
}

function outlivesLeaves(root: RootDocument, now: number): boolean {
  return endOf(root.certificates[0]) >= now + LEAF_LEAD_SECONDS + LEAF_SECONDS;
}

function endOf(der: string): number {
  return certificate(der).validToDate.getTime() / 1000;
}

function certificate(der: string): X509Certificate {
  return new X509Certificate(Buffer.from(der, 'base64'));
}
