/** Asks AWS STS who signed a proof, in a request of our own. */
import type { PullpassError } from '../domain/errors.ts';
import { type AwsCaller, parseCaller } from './aws-answer.ts';
import { type AwsAssertion, SERVER_ID_HEADER } from './aws-proof.ts';
import { endpoint } from './bounded-request.ts';
import { Breaker } from './breaker.ts';
import { guardedRequest, RETRY_AFTER_SECONDS } from './guarded-request.ts';
import { rejected, unanswered } from './refusals.ts';

/** An answer is this long at most, in bytes. */
const ANSWER_BYTES = 16 * 1024;

/** The statuses that judge a signature. STS says 400 of what it did not judge, such as too many requests. */
const JUDGEMENTS: ReadonlySet<number> = new Set([401, 403]);

/** CVE-2020-16250: another answer than JSON may hold what somebody else wrote in the place of an identity. */
const JSON_TYPE = /^application\/json(?:;|$)/;

export interface StsOptions {
  /** `PULLPASS_URL`: whom proofs must be made for. */
  readonly publicUrl: string;
  /** Where requests are sent instead of to the host that was signed: a VPC endpoint; null: to that host. */
  readonly endpoint: string | null;
}

export class Sts {
  readonly #publicUrl: string;
  readonly #endpoint: URL | undefined;
  /** By origin: a region that is down takes no other with it. There are as many as there are hosts of STS. */
  readonly #breakers = new Map<string, Breaker>();

  /** Throws for an endpoint that is neither https nor of this machine. */
  constructor({ publicUrl, endpoint: instead }: StsOptions) {
    this.#publicUrl = publicUrl;
    this.#endpoint = instead === null ? undefined : endpoint(instead);
  }

  /**
   * Who signed the proof, or the error that STS means and that may be remembered. Throws `unavailable` when STS does
   * not answer, or says what cannot be understood.
   */
  async ask(proof: AwsAssertion, signal: AbortSignal, nowMs: number): Promise<AwsCaller | PullpassError> {
    const { name, partition } = proof.host;
    const url = new URL(`/?${proof.query}`, this.#endpoint ?? `https://${name}`);
    const headers = { host: name, [SERVER_ID_HEADER]: this.#publicUrl };
    const request = { url, headers, maxBytes: ANSWER_BYTES, signal };
    const { status, contentType, body } = await guardedRequest(request, this.#breaker(url.origin), nowMs);
    const reason = `AWS STS answered with status ${status}`;
    if (JUDGEMENTS.has(status)) return rejected(reason);
    if (status >= 400 && status < 500) return unanswered(reason, RETRY_AFTER_SECONDS);
    const caller = status === 200 && JSON_TYPE.test(contentType) ? parseCaller(body, partition) : undefined;
    if (caller === undefined) throw unanswered(`${reason} and no identity`, RETRY_AFTER_SECONDS);
    return caller;
  }

  #breaker(origin: string): Breaker {
    const known = this.#breakers.get(origin);
    if (known !== undefined) return known;
    const breaker = new Breaker();
    this.#breakers.set(origin, breaker);
    return breaker;
  }
}
