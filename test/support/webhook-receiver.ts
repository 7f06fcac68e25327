/** A receiver of webhooks on loopback that checks signatures with WebCrypto, as Standard Webhooks describes them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { CloudEvent } from '../../lib/domain/notice.ts';
import { LoopbackServer } from '../iam/loopback-server.ts';

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

export interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly event: CloudEvent;
}

export class WebhookReceiver extends LoopbackServer {
  readonly deliveries: Delivery[] = [];
  /** What is answered, in turn; then 204. A redirection goes to this server. */
  answers: number[] = [];
  /** Requests for other paths than `/hook`. */
  strays = 0;

  get hook(): string {
    return `${this.url}/hook`;
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (request.url !== '/hook') this.strays++;
    else {
      const headers = request.headers as Record<string, string>;
      this.deliveries.push({ headers, body, event: JSON.parse(body) as CloudEvent });
    }
    response.writeHead(this.answers.shift() ?? 204, { location: `${this.url}/elsewhere` }).end();
  }
}

/** Whether one of the signatures is right: an implementation of its own, by the text of the specification. */
export async function isSigned(
  secret: string,
  { headers, body }: Pick<Delivery, 'body' | 'headers'>,
): Promise<boolean> {
  const raw = Uint8Array.from(atob(secret.slice('whsec_'.length)), character => character.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
  const signed = new TextEncoder().encode(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  const results = (headers['webhook-signature'] ?? '').split(' ').map(signature => {
    const [version, mac = ''] = signature.split(',');
    const bytes = Uint8Array.from(atob(mac), character => character.charCodeAt(0));
    return version === 'v1' && crypto.subtle.verify('HMAC', key, bytes, signed);
  });
  return (await Promise.all(results)).includes(true);
}
