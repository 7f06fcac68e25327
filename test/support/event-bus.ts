/** An event bus on loopback, and the variables of a function that reaches it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { LoopbackServer } from '../iam/loopback-server.ts';

export class EventBus extends LoopbackServer {
  /** What it has taken. */
  readonly entries: Record<string, string>[] = [];
  /** Whether it refuses every entry. */
  fails = false;

  get variables(): Record<string, string> {
    return {
      PULLPASS_EVENT_BUS: 'ops',
      AWS_ENDPOINT_URL_EVENTBRIDGE: this.url,
      ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
    };
  }

  protected async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { Entries } = JSON.parse(await text(request)) as { Entries: Record<string, string>[] };
    if (!this.fails) this.entries.push(...Entries);
    const refused = this.fails ? { ErrorCode: 'InternalFailure' } : { EventId: 'x' };
    response.end(JSON.stringify({ Entries: Entries.map(() => refused) }));
  }
}
