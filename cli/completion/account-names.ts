/** What the account has, for the tab key: from a file that is a moment old, or by one short request. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { NAMESPACE, POLICY, TOKEN, TRUST, WORKLOAD_ISSUER } from '../../lib/api/responses.ts';
import { isIssuerKey, isUuid } from '../../lib/domain/identifiers.ts';
import { isNamespace } from '../../lib/domain/repository.ts';
import { parseStrictJson } from '../../lib/domain/strict-json.ts';
import { Broker } from '../broker.ts';
import { FILE_MODE } from '../files/private.ts';
import { replace } from '../files/replace.ts';
import { within } from '../io.ts';
import { credentialsOf, type StoredLogin } from '../login.ts';
import type { Network } from '../network.ts';
import type { Target } from '../target.ts';
import { policyText, tokenText, trustText } from '../text.ts';

/** A word that is offered, and what people know it by. */
export interface Candidate {
  readonly word: string;
  readonly description?: string | undefined;
}

export type Collection = 'issuers' | 'namespaces' | 'policies' | 'tokens' | 'trusts';

/** What a token is known by. */
const NAMED = v.pick(TOKEN, ['access', 'description', 'id', 'repositories']);

/** The most of one request: a longer list is no help at the tab key. */
const LIMIT = '200';

const LISTS: Readonly<
  Record<
    Collection,
    { readonly query?: Readonly<Record<string, string>>; readonly read: (json: unknown) => Candidate[] }
  >
> = {
  tokens: {
    query: { limit: LIMIT },
    read: json =>
      v.parse(v.object({ tokens: v.array(NAMED) }), json).tokens.map(token => ({
        word: token.id,
        description: tokenText(token),
      })),
  },
  policies: {
    read: json =>
      v.parse(v.object({ policies: v.array(POLICY) }), json).policies.map(policy => ({
        word: policy.id,
        description: policyText(policy),
      })),
  },
  trusts: {
    read: json =>
      v.parse(v.object({ trusts: v.array(TRUST) }), json).trusts.map(trust => ({
        word: trust.id,
        description: trustText(trust),
      })),
  },
  issuers: {
    read: json =>
      v
        .parse(v.object({ issuers: v.array(WORKLOAD_ISSUER) }), json)
        .issuers.map(({ key, platform }) => ({ word: key, description: platform })),
  },
  namespaces: {
    read: json =>
      v
        .parse(v.object({ namespaces: v.array(NAMESPACE) }), json)
        .namespaces.map(({ name }) => ({ word: name })),
  },
};

const WORD = v.pipe(
  v.string(),
  v.check(text => isUuid(text) || isNamespace(text) || isIssuerKey(text)),
);

const CACHE = v.strictObject({
  /** Of the target, its URL and the collection: another deployment has other names. */
  key: v.string(),
  /** Milliseconds since 1970. */
  at: v.number(),
  candidates: v.array(v.strictObject({ word: WORD, description: v.optional(v.string()) })),
});

const FILE = 'completion.json';
/** A failure is remembered, too: not every press of the tab key may wait for it. */
const FRESH_MS = 30_000;

/** An IAM login that ends sooner has to be renewed, which must not be given up half way. */
const LEAST_LIFE_MS = 10_000;

export interface AccountOptions {
  /** Of the state. */
  readonly directory: string;
  readonly target: Target;
  readonly collection: Collection;
  readonly nowMs: number;
  /** How long the tab key may take. */
  readonly waitMs: number;
  readonly network: Network;
}

/** Nothing when the deployment does not answer in time, or refuses. Throws nothing. */
export async function accountNames(options: AccountOptions): Promise<readonly Candidate[]> {
  const { directory, target, collection, nowMs, waitMs } = options;
  const { login } = target;
  if (login === null || !isUsable(login, nowMs)) return [];
  const key = [target.name, target.url, collection].join(' ');
  const cached = await read(directory);
  const ageMs = cached?.key === key ? nowMs - cached.at : -1;
  if (cached !== undefined && ageMs >= 0 && ageMs < FRESH_MS) return cached.candidates;
  const candidates = await within(waitMs, ask(options, login)).catch(() => []);
  const text = JSON.stringify({ key, at: nowMs, candidates });
  const replacement = { existing: undefined, newMode: FILE_MODE };
  await replace(join(directory, FILE), Buffer.from(text), replacement).catch(() => undefined);
  return candidates;
}

/** Forgets what is remembered: the command that runs may change it. Throws nothing. */
export async function forgetAccountNames(directory: string): Promise<void> {
  await rm(join(directory, FILE), { force: true }).catch(() => undefined);
}

/** Registry tokens and workloads manage nothing, and cannot list. */
function isUsable(login: StoredLogin, nowMs: number): boolean {
  return login.kind === 'aws' || (login.kind === 'iam' && login.expiresAt * 1000 - nowMs > LEAST_LIFE_MS);
}

async function ask(
  { target, collection, nowMs, waitMs, network }: AccountOptions,
  login: StoredLogin,
): Promise<Candidate[]> {
  const { query = {}, read } = LISTS[collection];
  const broker = new Broker({ url: target.url, timeoutMs: waitMs, network });
  const credentials = await credentialsOf(login, target.url, { nowMs, network });
  const { text } = await broker.send({ path: `/v1/${collection}`, query, credentials });
  return read(parseStrictJson(text)).filter(({ word }) => v.is(WORD, word));
}

async function read(directory: string): Promise<v.InferOutput<typeof CACHE> | undefined> {
  try {
    const { success, output } = v.safeParse(
      CACHE,
      parseStrictJson(await readFile(join(directory, FILE), 'utf8')),
    );
    return success ? output : undefined;
  } catch {
    return undefined;
  }
}
