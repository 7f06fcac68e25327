/** The revocation route (RFC 7009): the holder of a secret can end it. */
import { PullpassError } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { single } from '../http/form.ts';
import type { HandlerOf, Request, Response } from '../http/request.ts';
import type { Log } from '../ports/system.ts';
import { type Revoked, type RevokePorts, revoke } from '../usecases/revoke.ts';

export interface RevocationHandlerOptions {
  readonly revoking: RevokePorts;
  readonly log: Log;
}

export function revocationHandlers(options: RevocationHandlerOptions) {
  return {
    revoke: (request: Request) => revokeToken(options, request),
  } satisfies { revoke: HandlerOf['public'] };
}

async function revokeToken({ revoking, log }: RevocationHandlerOptions, request: Request): Promise<Response> {
  const token = single(request.form, 'token');
  if (token === undefined) {
    throw new PullpassError('invalid-request', { detail: 'The parameter token is missing.' });
  }
  const { requestId, sourceAddress } = request;
  const revoked = await revoke(revoking, { secret: new Secret(token), requestId, sourceAddress });
  log.info('revoked', { requestId, sourceAddress, ...fieldsOf(revoked) });
  return { status: 200 };
}

/** As in the other events: a token is a subject, a credential has a name. */
function fieldsOf(revoked: Revoked): Record<string, string> {
  const { kind } = revoked;
  if (kind === 'token') return { kind, subject: `token:${revoked.id}`, account: revoked.account };
  return kind === 'credential' ? { kind, credential: revoked.jti } : { kind };
}
