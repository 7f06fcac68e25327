/** The last use of a token's value: when, from where, by what, and for which service. */

/** A login with a token, or with a credential of it. What the request did not say is null. */
export interface TokenUse {
  /** Seconds since 1970. */
  readonly at: number;
  readonly address: string | null;
  /** See `clientName`. */
  readonly client: string | null;
  readonly service: string | null;
}

/** Where a request came from, and what the client says that it is (its User-Agent); absent: unknown. */
export interface RequestSource {
  readonly sourceAddress?: string | undefined;
  readonly client?: string | undefined;
}

const MAX_CLIENT = 64;

/** As much of a User-Agent as is stored: printable ASCII, because terminals show it. Null: nothing is left. */
function clientName(userAgent: string | undefined): string | null {
  const printable = (userAgent ?? '').replaceAll(/[^ -~]/g, '').trimStart();
  return printable.slice(0, MAX_CLIENT).trimEnd() || null;
}

/** The use that a request at `now` for the service (empty: for none) is. */
export function useOf({ sourceAddress, client }: RequestSource, service: string, now: number): TokenUse {
  return { at: now, address: sourceAddress ?? null, client: clientName(client), service: service || null };
}
