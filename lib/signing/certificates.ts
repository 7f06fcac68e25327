/**
 * The certificates of the x5c profile: a root for the registry's bundle and the leaves below it (distribution
 * `registry/auth/token/token.go`; RFC 5280). Only key rotation loads this file.
 */
// A library below @peculiar/x509 (tsyringe) refuses to load without this, so it comes first.
import 'reflect-metadata';
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { LEAF_SECONDS } from '../domain/key-ring.ts';
import { DAY_SECONDS, MINUTE_SECONDS } from '../domain/time.ts';

const ROOT_SECONDS = 3652 * DAY_SECONDS;
/** Registries allow no leeway on the dates of a certificate. */
const BACKDATED_SECONDS = 5 * MINUTE_SECONDS;
const SERIAL_BYTES = 16;
/** The longest common name (RFC 5280 appendix A.1, ub-common-name). */
const NAME_LENGTH = 64;
const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** What certifies leaves: a P-256 key, and its own certificate as DER. */
export interface Authority {
  readonly privateKey: KeyObject;
  readonly certificate: Uint8Array;
}

/** A certificate as DER, and when it ends, in seconds since 1970. */
export interface Certified {
  readonly certificate: Uint8Array;
  readonly endsAt: number;
}

/** A self-signed root for the service, valid for ten years; it may certify leaves only. */
export function certifyRoot(service: string, privateKey: KeyObject, now: number): Promise<Certified> {
  const publicKey = spki(privateKey);
  const name = commonName(`Pullpass root for ${service}`);
  return certify({
    ...period(now, ROOT_SECONDS),
    subject: name,
    issuer: name,
    publicKey,
    signer: privateKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
}

/** A leaf for a key that signs from `start` on. */
export function certifyLeaf(root: Authority, privateKey: KeyObject, start: number): Promise<Certified> {
  return certify({
    ...period(start, LEAF_SECONDS),
    subject: commonName('Pullpass access tokens'),
    issuer: new X509Certificate(root.certificate).subjectName.toJSON(),
    publicKey: spki(privateKey),
    signer: root.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      AuthorityKeyIdentifierExtension.create(spki(root.privateKey)),
    ],
  });
}

interface Contents {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly subject: { [type: string]: string[] }[];
  readonly issuer: { [type: string]: string[] }[];
  readonly publicKey: PublicKey;
  readonly signer: KeyObject;
  readonly extensions: readonly (Extension | Promise<Extension>)[];
}

async function certify({ startsAt, endsAt, signer, extensions, ...names }: Contents): Promise<Certified> {
  const { rawData } = await X509CertificateGenerator.create({
    ...names,
    serialNumber: serialOf(names.publicKey),
    notBefore: new Date(startsAt * 1000),
    notAfter: new Date(endsAt * 1000),
    signingKey: signer.toCryptoKey(ECDSA, false, ['sign']),
    signingAlgorithm: ECDSA,
    extensions: await Promise.all(extensions),
  });
  return { certificate: new Uint8Array(rawData), endsAt };
}

function period(start: number, seconds: number): { startsAt: number; endsAt: number } {
  const startsAt = start - BACKDATED_SECONDS;
  return { startsAt, endsAt: startsAt + seconds };
}

function spki(privateKey: KeyObject): PublicKey {
  return new PublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
}

function commonName(text: string): { CN: string[] }[] {
  return [{ CN: [text.slice(0, NAME_LENGTH)] }];
}

/** As random as the new key that it is derived from; the first bits make it positive and never zero. */
function serialOf(publicKey: PublicKey): string {
  const serial = hash('sha256', new Uint8Array(publicKey.rawData), 'buffer').subarray(0, SERIAL_BYTES);
  serial.writeUInt8(0x40 | (serial.readUInt8(0) & 0x3f), 0);
  return serial.toString('hex');
}
