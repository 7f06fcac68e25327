/** The credential routes: vending one, and ending a secret. */
import Negotiator from 'negotiator';
import { PullpassError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import type { Service } from '../domain/service.ts';
import type { Handlers, Request, Response } from '../http/exchange.ts';
import { single } from '../http/form.ts';
import type { Log, Metrics } from '../ports.ts';
import { type Revoked, type RevokePorts, revoke } from '../usecases/revoke.ts';
import { type Vended, type VendPorts, vendCredential } from '../usecases/vend-credential.ts';
import { checkBody } from './body.ts';
import { callerOf } from './caller.ts';
import {
  type Format,
  type FormatName,
  formatNamed,
  formatOfMediaType,
  MEDIA_TYPES,
} from './credential-formats.ts';
import { VEND_CREDENTIAL } from './credential-schema.ts';
import { serviceNamed } from './service.ts';
import { recordVended } from './vended-note.ts';

export interface CredentialOperationOptions {
  readonly vending: VendPorts;
  readonly revoking: RevokePorts;
  readonly services: readonly Service[];
  readonly log: Log;
  readonly metrics: Metrics;
}

export function credentialOperations(options: CredentialOperationOptions): Handlers {
  const { vending, revoking, services, log } = options;
  return {
    async vendCredential(call) {
      const { service: name, format: named, ...wish } = checkBody(VEND_CREDENTIAL, call.json);
      const service = serviceNamed(name, services);
      const format = formatOf(call, named);
      const vended = await vendCredential(vending, { caller: callerOf(call), service, ...wish });
      recordVended(options, call, vended);
      return answerOf(vended, format);
    },
    async revoke(call) {
      const token = single(call.form, 'token');
      if (token === undefined) {
        throw new PullpassError('invalid-request', { detail: 'The parameter token is missing.' });
      }
      const { requestId, sourceAddress } = call;
      const revoked = await revoke(revoking, { secret: new Secret(token), requestId, sourceAddress });
      log.info('revoked', { requestId, sourceAddress, ...endedBy(revoked) });
      return { status: 200 };
    },
  };
}

/** In the words of the other events: a token is a subject, a credential has a name. */
function endedBy(revoked: Revoked): Record<string, string> {
  const { kind } = revoked;
  if (kind === 'token') return { kind, subject: `token:${revoked.id}`, account: revoked.account };
  return kind === 'credential' ? { kind, credential: revoked.jti } : { kind };
}

/** The body names the format, or else `Accept` does (RFC 9110 section 12.5.1); what it does not know is JSON. */
function formatOf({ headers }: Request, named: FormatName | undefined): Format {
  if (named !== undefined) return formatNamed(named);
  const accepted = new Negotiator({ headers }).mediaType([...MEDIA_TYPES]);
  return formatOfMediaType(accepted) ?? formatNamed('json');
}

function answerOf(vended: Vended, { mediaType, write }: Format): Response {
  const body = write(vended);
  const content = typeof body === 'string' ? { text: body } : { json: body };
  return { status: 201, headers: { 'content-type': mediaType }, ...content };
}
