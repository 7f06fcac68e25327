/** Authorities of certificates besides those that Node has built in: the system's, and those of the usual variables. */
import { existsSync, readFileSync } from 'node:fs';
import tls from 'node:tls';
import { VariableError } from './proxies.ts';

/** Absent before Node 22.15, on which the command line runs too. */
const getCACertificates: typeof tls.getCACertificates | undefined = tls.getCACertificates;

/** Every variable that is read here. */
export const AUTHORITY_VARIABLES: readonly string[] = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'];

type Variables = Readonly<Record<string, string | undefined>>;

/** OpenSSL's codes for a certificate whose authority is unknown (doc/api/tls.md of Node, "X509 certificate error codes"). */
const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether a connection failed because the authority of the certificate is unknown: nothing was sent on it. */
export function isUnknownAuthority(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && UNKNOWN_AUTHORITY.has(String(error.code))) || isUnknownAuthority(error.cause);
}

/**
 * Every authority that this machine trusts, in PEM. Reading and parsing them takes a tenth of a second, so it is for
 * servers that Node's own list does not know. Throws VariableError when SSL_CERT_FILE cannot be used.
 */
export function allAuthorities(variables: Variables): string[] {
  const named = namedAuthorities(variables);
  const extra = getCACertificates?.('extra') ?? pemsIn(read(variables.NODE_EXTRA_CA_CERTS) ?? '');
  return [...new Set([...named, ...extra, ...systemAuthorities(), ...tls.rootCertificates])];
}

/** The authorities of SSL_CERT_FILE, in PEM. Throws VariableError when it cannot be used. */
export function namedAuthorities({ SSL_CERT_FILE: path = '' }: Variables): string[] {
  if (path === '') return [];
  const text = read(path);
  if (text === undefined) throw new VariableError(`SSL_CERT_FILE names ${path}, which cannot be read`);
  const found = pemsIn(text);
  if (found.length > 0) return found;
  throw new VariableError(`SSL_CERT_FILE names ${path}, which holds no certificate in PEM`);
}

/** Where distributions keep all of them in one file, for a Node that cannot tell (before 22.15). */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

function systemAuthorities(): string[] {
  if (getCACertificates !== undefined) return getCACertificates('system');
  const bundle = BUNDLES.find(path => existsSync(path));
  return pemsIn(read(bundle) ?? '');
}

function read(path: string | undefined): string | undefined {
  try {
    return path === undefined ? undefined : readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

function pemsIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}
