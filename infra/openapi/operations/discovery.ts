/** The public documents. */
import { NOT_KEPT, PUBLICLY_KEPT } from '../headers.ts';
import { answer, inPath, type Line, type Operation } from '../operation.ts';

const tag = 'Public documents';
const SERVICE = inPath('service', 'The name of the service.', 'registry.example');
const KEYS = { mediaType: 'application/jwk-set+json', headers: PUBLICLY_KEPT };

export const DISCOVERY_OPERATIONS = {
  'GET /v1/services/{service}/jwks.json': {
    tag,
    summary: 'Get the keys of a service',
    description: 'RFC 7517: what a registry with `jwks` verifies access tokens with.',
    parameters: [SERVICE],
    answers: { 200: answer('The keys.', 'KeySet', KEYS) },
    failures: ['not-found', 'unavailable'],
  },
  'GET /v1/services/{service}/rootcertbundle.pem': {
    tag,
    summary: 'Get the certificates of a service',
    description:
      'What a registry with `rootcertbundle` verifies access tokens with. A service with the profile `kid` has none.',
    parameters: [SERVICE],
    answers: {
      200: answer('The certificates.', 'CertificateBundle', {
        mediaType: 'application/x-pem-file',
        headers: PUBLICLY_KEPT,
      }),
    },
    failures: ['not-found', 'unavailable'],
  },
  'GET /.well-known/jwks.json': {
    tag,
    summary: 'Get the keys of all services',
    answers: { 200: answer('The keys.', 'KeySet', KEYS) },
    failures: ['unavailable'],
  },
  'GET /.well-known/oauth-authorization-server': {
    tag,
    summary: 'Get the metadata',
    description: 'RFC 8414, and where clients find registries and IAMs.',
    answers: { 200: answer('The metadata.', 'Metadata', { headers: PUBLICLY_KEPT }) },
  },
  'GET /openapi.json': {
    tag,
    summary: 'Get this document',
    description: 'OpenAPI 3.1, with the deployment as its server.',
    answers: { 200: answer('The document.', 'OpenApiDocument', { headers: PUBLICLY_KEPT }) },
  },
  'GET /health': {
    tag,
    summary: 'Ask whether logins work',
    description: 'Reads the store, and signs for every service.',
    answers: { 200: answer('They do.', 'Health', { headers: NOT_KEPT }) },
    failures: ['unavailable'],
  },
} as const satisfies Partial<Record<Line, Operation>>;
