/** What a deployment has logged, event by event. */
import type { Deployment } from './deployment.ts';
import type { Received } from './events.ts';

export type LogEvent = Readonly<Record<string, unknown>>;

/** Every event that is about the request with this answer. */
export function eventsOf({ logs }: Pick<Deployment, 'logs'>, { headers }: Received): LogEvent[] {
  return linesOf({ logs }).filter(({ requestId }) => requestId === headers['x-request-id']);
}

/** Every event; lines of nothing but figures are none. */
export function linesOf({ logs }: Pick<Deployment, 'logs'>): LogEvent[] {
  const lines = logs.flatMap(chunk => chunk.split('\n')).filter(line => line !== '');
  return lines.map(line => JSON.parse(line) as LogEvent).filter(({ message }) => message !== undefined);
}
