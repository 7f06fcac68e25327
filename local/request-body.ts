/** The body of a request: read in small steps, counted as it comes, and no further than it is of use. */
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_BODY_BYTES } from '../lib/http/body.ts';

/** Pieces (chunks, or reads of the socket) that a body may have however small they are, and the bytes of all others. */
const FREE_PIECES = 64;
const PIECE_BYTES = 64;
/** What Node's parser gets at once: it goes through all of it, though the connection was ended at the first byte. */
const STEP_BYTES = 1024;

/** A request that counts its body, also while an earlier request of its connection is served. */
export class CountedRequest extends IncomingMessage {
  #bytes = 0;
  #pieces = 0;

  override push(chunk: Uint8Array | null): boolean {
    if (chunk !== null) {
      this.#bytes += chunk.length;
      this.#pieces += 1;
      if (this.#pieces === FREE_PIECES + Math.ceil(this.#bytes / PIECE_BYTES)) this.emit('crumbled');
    }
    return super.push(chunk);
  }

  /** Whether all of it has come, and it has no body. */
  get isEmpty(): boolean {
    return this.complete && this.#bytes === 0;
  }

  /** By its Content-Length, before a byte of it is read, or by what has come. */
  get isTooLarge(): boolean {
    return Math.max(this.#bytes, this.#length) > MAX_BODY_BYTES;
  }

  /** Bytes of the body that are still to come, as far as its head says. */
  get remaining(): number {
    return this.complete ? 0 : Math.max(0, this.#length - this.#bytes);
  }

  get #length(): number {
    return Number(this.headers['content-length'] ?? 0);
  }
}

/**
 * Gives Node's parser the bytes of a connection in small steps, and none that come after its end or belong to a body that
 * is refused. Each chunk and each head costs the parser a call, and a read may hold ten thousand chunks of a byte, or
 * three thousand requests. A body of known length is one piece, and is passed on whole.
 */
export function readInSteps(socket: Socket, current: () => CountedRequest | undefined): void {
  const push = socket.push.bind(socket);
  // With a listener, Node's parser takes the bytes from here instead of from the descriptor.
  socket.on('data', () => {});
  socket.push = (read: Uint8Array | null) => {
    if (read === null) return push(null);
    let more = true;
    for (let start = 0; start < read.length; ) {
      const request = current();
      if (socket.destroyed || socket.writableEnded || request?.isTooLarge) {
        // Read no more: what is still sent waits in the kernel, which costs nothing.
        return false;
      }
      const end = start + Math.max(STEP_BYTES, request?.remaining ?? 0);
      more = push(read.subarray(start, end));
      start = end;
    }
    return more;
  };
}

const NOTHING = Buffer.alloc(0);

/**
 * The body; of one that is too large, nothing or so much that the chain sees it. Throws when the client goes away. By
 * events, because an iterator costs many times as much for a body of many small chunks.
 */
export async function readBody(request: CountedRequest, hold: (bytes: number) => void): Promise<Buffer> {
  if (request.isEmpty) return NOTHING;
  const chunks: Uint8Array[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const take = (chunk: Uint8Array) => {
    chunks.push(chunk);
    length += chunk.length;
    hold(Math.min(length, MAX_BODY_BYTES));
    if (request.isTooLarge) resolve();
  };
  if (request.isTooLarge) resolve();
  else request.on('data', take).on('end', resolve);
  request.on('error', reject);
  await promise;
  request.off('data', take);
  return Buffer.concat(chunks);
}

export interface LingerOptions {
  readonly lingerMs: number;
  /** Whether all was read of what the client had to say. */
  readonly isHeard: () => boolean;
}

/**
 * Has the connection stay open for a moment after its last answer, if its client still sends: a descriptor that is closed
 * with bytes unread resets the connection, and the reset may overtake the answer (RFC 9112 section 9.6).
 */
export function linger(socket: Socket, { lingerMs, isHeard }: LingerOptions): void {
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (isHeard()) return destroySoon();
    socket.end();
    const patience = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(patience));
  };
}
