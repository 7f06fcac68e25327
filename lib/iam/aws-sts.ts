/** Asks AWS STS who signed an assertion, in a request of our own. */

import { PullpassError, unauthenticated, unavailable } from '../domain/errors.ts';
import { type Account, isIdentifierValue, qualify, type Subject } from '../domain/identifiers.ts';
import type { Identity } from '../domain/identity.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import { Breaker } from '../limits/breaker.ts';
import { type AwsAssertion, parseAwsAssertion, SERVER_ID_HEADER } from './aws-assertion.ts';
import { ExchangeCache, type ExchangeOptions } from './exchange-cache.ts';
import { breakerRequest, type Connections, DIRECT, endpoint, RETRY_AFTER_SECONDS } from './http-client.ts';

export interface AwsCallersOptions extends ExchangeOptions {
  /** `PULLPASS_URL`, for which assertions must be made. */
  readonly publicUrl: string;
  /** Where requests are sent instead of the host that was signed: a VPC endpoint; null: to that host. */
  readonly endpoint: string | null;
  /** Direct unless given. */
  readonly connections?: Connections | undefined;
}

export interface AwsCallers {
  /**
   * The identity that signed the assertion. Throws `unauthenticated` for one that does not verify, was not made for this
   * deployment or is older than five minutes, `unavailable` when STS does not answer in time.
   */
  identify(assertion: string, nowMs: number, sourceAddress?: string): Promise<Identity>;
}

/** Holds the caches, so a process has one. Throws for an endpoint that is neither https nor on this machine. */
export function awsCallers(options: AwsCallersOptions): AwsCallers {
  const sts = new Sts(options);
  const exchange = new ExchangeCache(options);
  return {
    async identify(text, nowMs, sourceAddress = '') {
      const assertion = parseAwsAssertion(text, nowMs);
      const { nonce, endsAt } = assertion;
      return await exchange.identify({
        name: `awsiam ${nonce}`,
        nowMs,
        sourceAddress,
        ask: async signal => {
          const caller = await sts.ask(assertion, signal, nowMs);
          if (caller instanceof PullpassError) return caller;
          const identity: Identity = {
            kind: 'awsiam',
            issuer: 'aws',
            ...caller,
            strength: 'strong',
            expiresAt: endsAt,
            nonce,
          };
          return { identity, untilMs: endsAt * 1000 };
        },
      });
    },
  };
}

/** The longest answer that is read, in bytes. */
const ANSWER_BYTES = 16 * 1024;

/** The statuses that refuse a signature. STS answers 400 to what it did not check, such as too many requests. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403]);

/** CVE-2020-16250: an answer that is not JSON may hold an identity that an attacker wrote. */
const JSON_TYPE = /^application\/json(?:;|$)/;

class Sts {
  readonly #publicUrl: string;
  readonly #connections: Connections;
  readonly #endpoint: URL | undefined;
  /** By origin, so that a region that is down affects no other. There are as many as there are hosts of STS. */
  readonly #breakers = new Map<string, Breaker>();

  constructor({
    publicUrl,
    endpoint: instead,
    connections = DIRECT,
  }: Pick<AwsCallersOptions, 'connections' | 'endpoint' | 'publicUrl'>) {
    this.#publicUrl = publicUrl;
    this.#connections = connections;
    this.#endpoint = instead === null ? undefined : endpoint(instead);
  }

  /**
   * Who signed the assertion, or the error to answer and remember. Throws `unavailable` when STS does not answer, or
   * gives an answer that cannot be understood.
   */
  async ask(assertion: AwsAssertion, signal: AbortSignal, nowMs: number): Promise<AwsCaller | PullpassError> {
    const { name, partition } = assertion.host;
    const url = new URL(`/?${assertion.query}`, this.#endpoint ?? `https://${name}`);
    const headers = { host: name, [SERVER_ID_HEADER]: this.#publicUrl };
    const connections = this.#connections;
    const request = { url, headers, maxBytes: ANSWER_BYTES, signal, connections };
    const { status, contentType, body } = await breakerRequest(request, this.#breaker(url.origin), nowMs);
    const reason = `AWS STS answered with status ${status}`;
    const retry = { retryAfterSeconds: RETRY_AFTER_SECONDS };
    if (REFUSALS.has(status)) return unauthenticated(reason);
    if (status >= 400 && status < 500) return unavailable(reason, retry);
    const caller = status === 200 && JSON_TYPE.test(contentType) ? parseCaller(body, partition) : undefined;
    if (caller === undefined) throw unavailable(`${reason} and no identity`, retry);
    return caller;
  }

  #breaker(origin: string): Breaker {
    const known = this.#breakers.get(origin) ?? new Breaker();
    this.#breakers.set(origin, known);
    return known;
  }
}

export interface AwsCaller {
  readonly account: Account;
  /** `aws:` and the ARN of the role or user: never that of a session, because its name is the caller's choice. */
  readonly subject: Subject;
  /** The id that AWS gives to no other role or user, unlike a name; of a role with its session. For the audit. */
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
 * The caller in an answer of STS, or a refusal of one that is neither a role, a user nor the root: a federated user's
 * name is chosen by the maker of its token, so it proves nothing. Undefined: this is not such an answer, or it
 * contradicts itself or its host, which speaks for the accounts of one partition.
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

/** An empty text for each missing member. */
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
