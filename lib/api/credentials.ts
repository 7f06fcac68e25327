/** The credential route: vending. */
import Negotiator from 'negotiator';
import type { Service } from '../domain/service.ts';
import type { Authenticated, HandlerOf, Request, Response } from '../http/request.ts';
import type { Metrics } from '../ports/system.ts';
import { type Vended, type VendPorts, vendCredential } from '../usecases/vend-credential.ts';
import {
  type Format,
  type FormatName,
  formatNamed,
  formatOfMediaType,
  LIFE_HEADER,
  MEDIA_TYPES,
} from './credential-formats.ts';
import { checkBody } from './parameters.ts';
import { VEND_CREDENTIAL } from './requests.ts';
import { serviceMeant } from './services.ts';
import { vendedEvent } from './token-exchange.ts';

export interface CredentialHandlerOptions {
  readonly vending: VendPorts;
  readonly services: readonly Service[];
  readonly metrics: Metrics;
}

export function credentialHandlers(options: CredentialHandlerOptions) {
  return {
    vendCredential: (request: Authenticated) => vend(options, request),
  } satisfies { vendCredential: HandlerOf['vend'] };
}

async function vend(options: CredentialHandlerOptions, request: Authenticated): Promise<Response> {
  const { service: name, format: named, ...wanted } = checkBody(VEND_CREDENTIAL, request.json);
  const service = serviceMeant(name, options.services);
  const format = formatOf(request, named);
  const { principal } = request;
  const vended = await vendCredential(options.vending, { principal, service, ...wanted });
  options.metrics.count('Vended');
  return { ...responseOf(vended, format), event: vendedEvent(principal, vended) };
}

/** The body names the format, or else `Accept` does (RFC 9110 section 12.5.1); what it does not know is JSON. */
function formatOf({ headers }: Request, named: FormatName | undefined): Format {
  if (named !== undefined) return formatNamed(named);
  const accepted = new Negotiator({ headers }).mediaType([...MEDIA_TYPES]);
  return formatOfMediaType(accepted) ?? formatNamed('json');
}

function responseOf(vended: Vended, { mediaType, write }: Format): Response {
  const body = write(vended);
  const content = typeof body === 'string' ? { text: body } : { json: body };
  const headers = { 'content-type': mediaType, [LIFE_HEADER]: String(vended.endsAt - vended.vendedAt) };
  return { status: 201, headers, ...content };
}
