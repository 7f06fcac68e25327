/** The open connections: how many there may be, how much they hold, and which one gives way. */
import type { Socket } from 'node:net';
import type { GatewayLimits } from './limits.ts';
import type { CountedRequest } from './request-body.ts';

export type ConnectionLimits = Pick<GatewayLimits, 'bufferedBytes' | 'connections' | 'connectionsPerSource'>;

/** A connection, and what is held for it. */
export interface Connection {
  readonly socket: Socket;
  /** Undefined: a trusted proxy, which connects for many. */
  readonly source: string | undefined;
  bytes: number;
  /** Requests that are not answered yet. */
  unanswered: number;
  /** Settles once all of them are. */
  answered: Promise<void>;
  /** The last of them. */
  request?: CountedRequest;
}

export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #open = new Map<Socket, Connection>();
  readonly #bySource = new Map<string | undefined, number>();
  /** Those that wait for their client: to send, or to read. The one that has waited longest comes first. */
  readonly #waiting = new Set<Connection>();
  #bytes = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Takes a new connection, and closes another that waits for its client if there are too many; else the new one. */
  add(socket: Socket, source: string | undefined): Connection {
    const connection: Connection = { socket, source, bytes: 0, unanswered: 0, answered: Promise.resolve() };
    this.#open.set(socket, connection);
    this.#bySource.set(source, (this.#bySource.get(source) ?? 0) + 1);
    this.#waiting.add(connection);
    socket.once('close', () => this.#remove(connection));
    const { connections, connectionsPerSource } = this.#limits;
    const ofSource = source === undefined ? 0 : (this.#bySource.get(source) ?? 0);
    if (ofSource > connectionsPerSource) this.#close(each => each.source === source);
    if (this.#open.size <= connections) return connection;
    // Of the source that has most, so that one with few is not pushed out by those who connect all the time.
    const greedy = this.#greediest();
    if (!this.#close(each => each.source === greedy)) this.#close(() => true);
    return connection;
  }

  /** Undefined: closed, or about to be. */
  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket);
  }

  /** While its request is worked at, a connection does not give way. */
  setWorking(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  /** The connection waits for its client, from now on. */
  setWaiting(connection: Connection): void {
    this.#waiting.delete(connection);
    if (this.#open.has(connection.socket)) this.#waiting.add(connection);
  }

  /** Counts what is held for a connection from now on; too much in all closes those that have held some longest. */
  hold(connection: Connection, bytes: number): void {
    if (!this.#open.has(connection.socket)) return;
    this.#bytes += bytes - connection.bytes;
    connection.bytes = bytes;
    while (this.#bytes > this.#limits.bufferedBytes) {
      if (!this.#close(each => each.bytes > 0)) return;
    }
  }

  #greediest(): string | undefined {
    let most: [source: string | undefined, count: number] = [undefined, 0];
    for (const [source, count] of this.#bySource) {
      if (source !== undefined && count > most[1]) most = [source, count];
    }
    return most[0];
  }

  #close(matches: (connection: Connection) => boolean): boolean {
    for (const connection of this.#waiting) {
      if (!matches(connection)) continue;
      this.#remove(connection);
      connection.socket.destroy();
      return true;
    }
    return false;
  }

  #remove(connection: Connection): void {
    const { socket, source, bytes } = connection;
    if (!this.#open.delete(socket)) return;
    this.#waiting.delete(connection);
    this.#bytes -= bytes;
    const left = (this.#bySource.get(source) ?? 0) - 1;
    if (left > 0) this.#bySource.set(source, left);
    else this.#bySource.delete(source);
  }
}
