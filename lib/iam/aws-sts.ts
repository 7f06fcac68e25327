/** Asks AWS STS who signed an assertion, in a request of our own. */
import { type Account, isIdentifierValue, qualify, type Subject } from '../domain/account.ts';
import { PullpassError, unauthenticated, unavailable } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import { type AwsAssertion, parseAwsAssertion, SERVER_ID_HEADER } from './aws-assertion.ts';
import { ExchangeCache } from './exchange-cache.ts';
import { Breaker, endpoint, guardedRequest, RETRY_AFTER_SECONDS } from './http-client.ts';

export interface AwsCaller {
  readonly account: Account;
  /** `aws:` and the ARN of the role or the user: never that of a session, whose name whoever takes the role picks. */
  readonly subject: Subject;
  /** What AWS never gives to another, unlike a name; of a role with the session that it was taken for. For the audit. */
  readonly uniqueId: string;
}

const ARN = /^arn:([a-z-]+):(iam|sts)::(\d{12}):([\x21-\x7e]+)$/;

/** IAM user guide, "IAM and AWS STS quotas" and "IAM identifiers". */
const USER = /^user\/(?:[\x21-\x7e]+\/)?[\w+=,.@-]{1,64}$/;

/** STS leaves out the path of a role. */
const ASSUMED_ROLE = /^assumed-role\/([\w+=,.@-]{1,64})\/([\w+=,.@-]{2,64})$/;

/** IAM API reference, type `User`, member `UserId`. */
const UNIQUE_ID = /^\w{16,128}$/;

/**
 * Who it is, or a refusal of what is neither a role, a user nor the root: a federated user is called what whoever made
 * its token liked, so that its name is nobody's. Undefined: this is no such answer, or it contradicts itself or its
 * host, which speaks for the accounts of one partition.
 */
export function parseCaller(body: Uint8Array, partition: string): AwsCaller | PullpassError | undefined {
  const { arn, account, userId } = readResult(body);
  const [, arnPartition, service, arnAccount, resource = ''] = ARN.exec(arn) ?? [];
  if (arnPartition !== partition || arnAccount !== account) return undefined;
  const named = service === 'sts' ? roleNamed(resource, userId) : permanentNamed(resource, userId, account);
  if (named === undefined) return unauthenticated('the AWS caller is no role, user or root');
  const name = `arn:${partition}:iam::${account}:${named}`;
  if (!isIdentifierValue(name)) return unauthenticated('the ARN of the AWS caller is too long');
  return {
    account: qualify('aws', `${partition}:${account}`),
    subject: qualify('aws', name),
    uniqueId: userId,
  };
}

function roleNamed(resource: string, userId: string): string | undefined {
  const [, role, session] = ASSUMED_ROLE.exec(resource) ?? [];
  const [roleId = '', ...rest] = userId.split(':');
  const agree = UNIQUE_ID.test(roleId) && rest.join(':') === session;
  return role !== undefined && agree ? `role/${role}` : undefined;
}

function permanentNamed(resource: string, userId: string, account: string): string | undefined {
  if (resource === 'root') return userId === account ? resource : undefined;
  return USER.test(resource) && UNIQUE_ID.test(userId) ? resource : undefined;
}

/** Empty texts for what is missing. */
function readResult(body: Uint8Array): { arn: string; account: string; userId: string } {
  const result = member(member(json(body), 'GetCallerIdentityResponse'), 'GetCallerIdentityResult');
  const text = (name: string) => {
    const found = member(result, name);
    return typeof found === 'string' ? found : '';
  };
  return { arn: text('Arn'), account: text('Account'), userId: text('UserId') };
}

function json(body: Uint8Array): unknown {
  try {
    return readStrictJson(body);
  } catch {
    return undefined;
  }
}

export interface AwsCallersOptions extends StsOptions {
  readonly cacheKey: Uint8Array;
}

export interface AwsCallers {
  /**
   * The identity that signed the proof. Throws `unauthenticated` for a proof that does not hold, was not made for
   * this deployment or is older than five minutes, `unavailable` when STS does not answer in time.
   */
  identify(proof: string, nowMs: number): Promise<Identity>;
}

/** The verifier of a process; it holds the caches. Throws for an endpoint that is neither https nor of this machine. */
export function awsCallers({ cacheKey, ...options }: AwsCallersOptions): AwsCallers {
  const sts = new Sts(options);
  const exchange = new ExchangeCache(cacheKey);
  return {
    async identify(text, nowMs) {
      const proof = parseAwsAssertion(text, nowMs);
      const { mark, endsAt } = proof;
      return await exchange.identify({
        name: `awsiam ${mark}`,
        nowMs,
        ask: async signal => {
          const caller = await sts.ask(proof, signal, nowMs);
          if (caller instanceof PullpassError) return caller;
          const identity: Identity = {
            kind: 'awsiam',
            issuer: 'aws',
            ...caller,
            strength: 'strong',
            expiresAt: endsAt,
            nonce: mark,
          };
          return { identity, untilMs: endsAt * 1000 };
        },
      });
    },
  };
}

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
    if (JUDGEMENTS.has(status)) return unauthenticated(reason);
    if (status >= 400 && status < 500) return unavailable(reason, { retryAfterSeconds: RETRY_AFTER_SECONDS });
    const caller = status === 200 && JSON_TYPE.test(contentType) ? parseCaller(body, partition) : undefined;
    if (caller === undefined)
      throw unavailable(`${reason} and no identity`, { retryAfterSeconds: RETRY_AFTER_SECONDS });
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
