/** What trusts can be made for: the platforms that there are, and the issuers that the configuration names. */

import { accountHandle } from '../domain/identifiers.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import { DESCRIPTIONS } from '../domain/platform-claims.ts';
import { PLATFORM_NAMES, platformFacts } from '../domain/platforms.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import { requiredClaims, workloadAudience } from '../domain/trust.ts';
import type { ManagementHandlers } from './parameters.ts';
import type { IssuerList, Platform, WorkloadIssuer as WorkloadIssuerObject } from './responses.ts';

/** `publicUrl` is `PULLPASS_URL`. */
export function issuerHandlers(publicUrl: string, issuers: readonly WorkloadIssuer[]) {
  const listed = issuers.map(issuerObject);
  return {
    async listIssuers({ principal }) {
      const audience = workloadAudience(publicUrl, accountHandle(principal.account));
      const json: IssuerList = { audience, issuers: listed, platforms: PLATFORM_NAMES.map(platformObject) };
      return { status: 200, json };
    },
  } satisfies ManagementHandlers;
}

function issuerObject(entry: WorkloadIssuer): WorkloadIssuerObject {
  const { key, platform, issuer, maxLifetimeSeconds } = entry;
  const longest = maxLifetimeSeconds ?? platformFacts(platform).maxLifetimeSeconds ?? DAY_SECONDS;
  return { key, platform, issuer, requiredClaims: requiredClaims(entry), maxLifetimeSeconds: longest };
}

function platformObject(platform: (typeof PLATFORM_NAMES)[number]): Platform {
  const { name, documentation, claims } = DESCRIPTIONS[platform];
  return {
    platform,
    name,
    documentation,
    requiredClaims: platformFacts(platform).required,
    claims: Object.entries(claims).map(([claim, { is }]) => ({ name: claim, value: is })),
  };
}
