/**
 * Requests at a steady rate over many connections, whether or not answers come: the time of each counts from when it was due, so that a
 * server that stalls is not asked less (an open loop).
 */
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { median, quantile } from './statistics.ts';

export interface OpenLoad {
  readonly port: number;
  readonly requests: readonly string[];
  readonly connections: number;
  readonly perSecond: number;
  /** In each, as much is asked; the figures are the medians of all. */
  readonly rounds: number;
  readonly roundMs: number;
}

export interface OpenResult {
  readonly errors: number;
  readonly p50: number;
  readonly p99: number;
  /** The median of the ratios in each round. */
  readonly p99ToP50: number;
}

const SUCCESS = /^HTTP\/1\.1 200 /;
const LENGTH = /\r\ncontent-length: (\d+)/i;
/** Requests come in bunches: what is due in this time is sent at its end, and counts from when it was due. */
const TICK_MS = 2;
/** For the answers to the last requests. */
const PATIENCE_MS = 5_000;

export async function openLoad(options: OpenLoad): Promise<OpenResult> {
  const { port, connections, requests } = options;
  const lines = await Promise.all(Array.from({ length: connections }, () => Line.open(port)));
  await warmUp(lines, requests);
  const rounds: Round[] = [];
  for (let i = 0; i < options.rounds; i++) rounds.push(await round(lines, options));
  for (const line of lines) line.close();
  return {
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
    p50: median(rounds.map(({ p50 }) => p50)),
    p99: median(rounds.map(({ p99 }) => p99)),
    p99ToP50: median(rounds.map(({ p50, p99 }) => p99 / p50)),
  };
}

/** A request over each: the kernel connects before the server takes a connection, whose first request would wait for that. */
async function warmUp(lines: readonly Line[], requests: readonly string[]): Promise<void> {
  for (const [i, line] of lines.entries()) line.send(requests[i % requests.length] ?? '', performance.now());
  await settled(lines);
  for (const line of lines) line.taken();
}

type Round = Readonly<Record<'errors' | 'p50' | 'p99', number>>;

async function round(lines: readonly Line[], { requests, perSecond, roundMs }: OpenLoad): Promise<Round> {
  const total = Math.floor((roundMs / 1000) * perSecond);
  const begun = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - begun) / 1000) * perSecond));
    for (; sent < due; sent++) {
      const request = requests[sent % requests.length] ?? '';
      lines[sent % lines.length]?.send(request, begun + (sent * 1000) / perSecond);
    }
    await setTimeout(TICK_MS);
  }
  await settled(lines);
  const times = lines.flatMap(line => line.taken());
  return { errors: total - times.length, p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}

async function settled(lines: readonly Line[]): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (lines.some(line => line.isWaiting) && performance.now() < end) await setTimeout(TICK_MS);
}

/** A connection that sends one request after the other: a request that finds it busy waits, and its time counts. */
class Line {
  #times: number[] = [];
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

  /** The times of successes since they were taken last. */
  taken(): number[] {
    const times = this.#times;
    this.#times = [];
    return times;
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
      this.#times.push(performance.now() - answered.dueMs);
    }
    this.#received = '';
    const [next] = this.#waiting;
    if (next !== undefined) this.#socket.write(next.request, 'latin1');
  }
}
