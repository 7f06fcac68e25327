/** The secret by which this deployment authenticates at an IAM: a fixed one, or one of a store that rotates it. */
import { refreshing } from '../cache/refreshing.ts';
import { unavailable } from '../domain/errors.ts';
import { Secret } from '../domain/secret.ts';
import { parseStrictJson } from '../domain/strict-json.ts';
import { HOUR_SECONDS, MINUTE_SECONDS } from '../domain/time.ts';

export interface ClientSecret {
  /** The one that was accepted last, else the current one. Throws `unavailable` without one. */
  likely(nowMs: number): Promise<Secret>;
  /** The others that may be good now, after that one was refused: while it is rotated there are two or three. */
  others(refused: Secret, nowMs: number): Promise<readonly Secret[]>;
  /** Tells that it was accepted. */
  accepted(secret: Secret): void;
}

/** The issuer does not take our client secret. */
export class ClientRefused extends Error {
  override readonly name = 'ClientRefused';
}

const RETRY_AFTER_SECONDS = 5;

/** What `attempt` answers, by the first secret that it is not refused for. Throws `unavailable` when all are refused. */
export async function withClientSecret<T>(
  secrets: ClientSecret,
  nowMs: number,
  attempt: (secret: Secret) => Promise<T>,
): Promise<T> {
  const tryOne = async (secret: Secret): Promise<{ readonly answer: T } | undefined> => {
    try {
      const answer = await attempt(secret);
      secrets.accepted(secret);
      return { answer };
    } catch (error) {
      if (error instanceof ClientRefused) return undefined;
      throw error;
    }
  };
  const likely = await secrets.likely(nowMs);
  const first = await tryOne(likely);
  if (first !== undefined) return first.answer;
  for (const secret of await secrets.others(likely, nowMs)) {
    const outcome = await tryOne(secret);
    if (outcome !== undefined) return outcome.answer;
  }
  throw unavailable('the issuer refuses our client secret', { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** The versions of a secret, as Secrets Manager labels them. */
export type SecretStage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

/** Answers a version of a secret; undefined: there is none. */
export type ReadSecretStage = (stage: SecretStage) => Promise<string | undefined>;

export function fixedClientSecret(secret: Secret): ClientSecret {
  return { likely: async () => secret, others: async () => [], accepted: () => undefined };
}

/** The store or the IAM may be changed first: of the version to come, the current and the former one, one is good. */
const STAGES = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS'] as const;

/** It is not our cache that ends a secret, but the IAM. */
const TIMES = { usableFor: 6 * HOUR_SECONDS * 1000, retryAfter: 10_000, retryEmptyAfter: 0 };

/**
 * A secret that is read when it is needed, again after five minutes, and used for hours while it cannot be read. When the IAM refuses it,
 * all versions are read, at most once in ten seconds.
 */
export function storedClientSecret(read: ReadSecretStage): ClientSecret {
  const version = async (stage: SecretStage) => {
    const text = await read(stage).catch((cause: unknown) => {
      throw unavailable('the client secret of the issuer cannot be read', { cause });
    });
    return text === undefined ? undefined : secretIn(text);
  };
  const current = refreshing({
    load: () => version('AWSCURRENT'),
    freshFor: 5 * MINUTE_SECONDS * 1000,
    besideFor: HOUR_SECONDS * 1000,
    ...TIMES,
  });
  const versions = refreshing({
    load: () => Promise.all(STAGES.map(version)),
    freshFor: TIMES.retryAfter,
    ...TIMES,
  });
  /** What was accepted in place of a version that was current then: until another one is current. */
  let instead: { readonly of: string; readonly secret: Secret } | undefined;
  let tried = '';
  return {
    async likely(nowMs) {
      const secret = await current.get(nowMs);
      if (secret === undefined) throw unavailable('the client secret of the issuer is missing');
      tried = secret.reveal();
      return instead?.of === tried ? instead.secret : secret;
    },
    async others(refused, nowMs) {
      const found = (await versions.get(nowMs)).flatMap(one => one ?? []);
      const byText = new Map(found.map(one => [one.reveal(), one]));
      byText.delete(refused.reveal());
      return [...byText.values()];
    },
    accepted: secret => {
      instead = { of: tried, secret };
    },
  };
}

/** The text itself, or the member `client_secret` of an object, as the console of AWS stores secrets. */
function secretIn(text: string): Secret {
  return new Secret((memberOf(text) ?? text).trimEnd());
}

function memberOf(text: string): string | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const { client_secret: secret } = Object(parseStrictJson(text)) as Record<string, unknown>;
    return typeof secret === 'string' ? secret : undefined;
  } catch {
    return undefined;
  }
}
