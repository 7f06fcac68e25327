/** A user for whom modes and owners count, also in tests that root runs. */

export const IS_ROOT = process.getuid?.() === 0;
/** A user and a group without any rights. */
export const STRANGER = 12_345;

/** Runs `work` as that user when root runs the test, and otherwise as the user who does. */
export async function asStranger<T>(work: () => Promise<T>): Promise<T> {
  if (!IS_ROOT) return work();
  process.setegid?.(STRANGER);
  process.seteuid?.(STRANGER);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
