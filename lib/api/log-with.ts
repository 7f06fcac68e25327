/** A log whose every event has some fields in common. */
import type { Log } from '../ports.ts';

export function logWith(log: Log, common: Readonly<Record<string, unknown>>): Log {
  return {
    info: (event, fields) => log.info(event, { ...common, ...fields }),
    warn: (event, fields) => log.warn(event, { ...common, ...fields }),
    error: (event, fields) => log.error(event, { ...common, ...fields }),
  };
}
