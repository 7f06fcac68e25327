/** Which errors deny somebody something, and why. */
import type { PullpassError } from './errors.ts';
import type { Denial } from './measures.ts';

/** Why this error denies; undefined: it denies nobody, it is something else that went wrong. */
export function denialOf({ code, details }: Pick<PullpassError, 'code' | 'details'>): Denial | undefined {
  switch (code) {
    case 'unauthenticated':
    case 'rate-limited':
      return details.denial ?? 'not-proven';
    case 'forbidden':
      return 'no-role';
    case 'registration-closed':
    case 'wider-than-parent':
      return code;
    default:
      return undefined;
  }
}
