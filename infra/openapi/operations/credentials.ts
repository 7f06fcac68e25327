/** The credential routes. */
import { type FormatName, formatNamed } from '../../../lib/api/credential-formats.ts';
import type { CREDENTIAL_ANSWERS } from '../answers/credentials.ts';
import { headers, NOT_KEPT } from '../headers.ts';
import { emptyAnswer, formBody, jsonBody, type Line, type Operation } from '../operation.ts';
import { refTo } from '../schema.ts';

const SHAPES: Record<FormatName, keyof typeof CREDENTIAL_ANSWERS> = {
  json: 'Credential',
  'docker-config': 'DockerConfig',
  'kubernetes-secret': 'KubernetesSecret',
  'containers-auth': 'ContainersAuth',
  ecr: 'EcrAuthorization',
  kubelet: 'KubeletResponse',
  'credential-helper': 'CredentialHelperAnswer',
  shell: 'LoginCommand',
};

const SHAPES_BY_MEDIA_TYPE = Object.entries(SHAPES).map(([format, name]) => [
  formatNamed(format as FormatName).mediaType,
  { schema: refTo(name) },
]);

export const CREDENTIAL_OPERATIONS = {
  'POST /v1/credentials': {
    tag: 'Credentials',
    summary: 'Vend a credential',
    description:
      'A short-lived user name and password for one registry, which allow nothing that the caller may not do itself. Whatever ends or narrows their parent acts on them at the next login.',
    body: jsonBody('CredentialRequest', false),
    answers: {
      201: {
        description: 'The credential, in the shape that was asked for.',
        headers: headers(NOT_KEPT),
        content: Object.fromEntries(SHAPES_BY_MEDIA_TYPE),
      },
    },
    failures: ['unknown-service', 'wider-than-parent'],
  },
  'POST /oauth/revoke': {
    tag: 'Credentials',
    summary: 'End a secret',
    description:
      'RFC 7009. Whoever holds a registry token or a credential can end it: a token is disabled, a credential ends alone. What is no such thing, or has ended, is no failure.',
    body: formBody('Revocation'),
    answers: { 200: emptyAnswer('No login succeeds with it.') },
    failures: ['unavailable'],
  },
} as const satisfies Partial<Record<Line, Operation>>;
