/**
 * Requests at a steady rate over many connections, whether or not answers come: the time of each counts from when it was due, so that a
 * server that stalls is not asked less (an open loop).
 */
import { connect, type Socket } from 'node:net';
import { quantile } from './statistics.ts';

export interface OpenLoad {
  readonly port: number;
  readonly requests: readonly string[];
  readonly connections: number;
  readonly perSecond: number;
  readonly forMs: number;
}

export interface OpenResult {
  readonly answered: number;
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
}

const SUCCESS = /^HTTP\/1\.1 200 /;
const LENGTH = /\r\ncontent-length: (\d+)/i;
const TICK_MS = 2;
/** For the answers to the last requests. */
const PATIENCE_MS = 5_000;

export async function openLoad(options: OpenLoad): Promise<OpenResult> {
  const { port, connections, forMs, perSecond, requests } = options;
  const lines = await Promise.all(Array.from({ length: connections }, () => Line.open(port)));
  const begun = performance.now();
  let sent = 0;
  const total = Math.floor((forMs / 1000) * perSecond);
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * perSecond));
    for (; sent < due; sent++) {
      lines[sent % connections]?.send(
        requests[sent % requests.length] ?? '',
        begun + (sent * 1000) / perSecond,
      );
    }
    await new Promise(resolve => setTimeout(resolve, TICK_MS));
  }
  const end = performance.now() + PATIENCE_MS;
  while (lines.some(line => line.isWaiting) && performance.now() < end) {
    await new Promise(resolve => setTimeout(resolve, TICK_MS));
  }
  const times = lines.flatMap(line => line.times);
  for (const line of lines) line.close();
  return {
    answered: times.length,
    errors: total - times.length,
    p50: quantile(times, 0.5),
    p99: quantile(times, 0.99),
  };
}

/** A connection that sends one request after the other: a request that finds it busy waits, and its time counts. */
class Line {
  readonly times: number[] = [];
  readonly #socket: Socket;
  readonly #waiting: { readonly request: string; readonly dueMs: number }[] = [];
  #received = '';

  static async open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Line(socket);
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => this.#take(String(chunk))).on('error', () => {});
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0 && !this.#socket.destroyed;
  }

  send(request: string, dueMs: number): void {
    this.#waiting.push({ request, dueMs });
    if (this.#waiting.length === 1) this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: string): void {
    this.#received += chunk;
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const [, length = '0'] = LENGTH.exec(this.#received) ?? [];
    if (this.#received.length < end + 4 + Number(length)) return;
    const answered = this.#waiting.shift();
    if (answered !== undefined && SUCCESS.test(this.#received)) {
      this.times.push(performance.now() - answered.dueMs);
    }
    this.#received = '';
    const [next] = this.#waiting;
    if (next !== undefined) this.#socket.write(next.request, 'latin1');
  }
}
