/** Work that has to end in time, whatever hangs in it. */
import { CliError } from './failure.ts';

/** What the work comes to; throws a Failure when that takes longer than `ms`. The work itself is not ended. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const failure = new CliError(`It took longer than ${ms / 1000} s.`, {
      code: 'too-late',
      next: 'Find out why with: pullpass doctor',
    });
    timer = setTimeout(() => reject(failure), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
