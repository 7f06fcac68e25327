/** AWS callers: who they are is what AWS says of a request that they signed for us. */
import { PullpassError } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import { parseAwsAssertion } from './aws-proof.ts';
import { Sts, type StsOptions } from './aws-sts.ts';
import { ExchangeCache } from './exchange.ts';

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
