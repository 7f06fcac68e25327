/** The pieces of the bench, in the order of the goals: which rows each gives, and how long it may take. */
import type { Piece } from './support/row.ts';

interface Plan {
  /** The goals that it has rows of; none: it explains others. */
  readonly goals: readonly string[];
  readonly limitSeconds: number;
  /** Whether it runs only when it is asked for by name: it takes long, or needs root or a registry. */
  readonly onRequest?: true;
  load(): Promise<Piece>;
}

export const PIECES: Readonly<Record<string, Plan>> = {
  login: {
    goals: ['P1', 'P2', 'P3'],
    limitSeconds: 240,
    load: async () => (await import('./pieces/login.ts')).login,
  },
  credential: {
    goals: [],
    limitSeconds: 90,
    load: async () => (await import('./pieces/credential.ts')).credential,
  },
  management: {
    goals: [],
    limitSeconds: 120,
    load: async () => (await import('./pieces/management.ts')).management,
  },
  dimensions: {
    goals: ['P4', 'P6'],
    limitSeconds: 30,
    load: async () => (await import('./pieces/dimensions.ts')).dimensions,
  },
  init: {
    goals: ['P5'],
    limitSeconds: 120,
    load: async () => (await import('./pieces/init.ts')).init,
  },
  'cold-start': {
    goals: [],
    limitSeconds: 60,
    onRequest: true,
    load: async () => (await import('./pieces/cold-start.ts')).coldStart,
  },
  scale: {
    goals: ['P7'],
    limitSeconds: 300,
    load: async () => (await import('./pieces/scale.ts')).scale,
  },
  engine: {
    goals: ['P7'],
    limitSeconds: 240,
    load: async () => (await import('./pieces/engine.ts')).engine,
  },
  local: {
    goals: ['P8'],
    limitSeconds: 120,
    load: async () => (await import('./pieces/local.ts')).local,
  },
  connections: {
    goals: ['P8'],
    limitSeconds: 90,
    load: async () => (await import('./pieces/connections.ts')).connections,
  },
  memory: {
    goals: ['P9'],
    limitSeconds: 240,
    load: async () => (await import('./pieces/memory.ts')).memory,
  },
  worst: {
    goals: ['P10'],
    limitSeconds: 240,
    load: async () => (await import('./pieces/worst.ts')).worst,
  },
  start: {
    goals: ['P11'],
    limitSeconds: 60,
    load: async () => (await import('./pieces/start.ts')).start,
  },
  table: {
    goals: ['P11'],
    limitSeconds: 60,
    load: async () => (await import('./pieces/table.ts')).table,
  },
  cleanup: {
    goals: [],
    limitSeconds: 1800,
    onRequest: true,
    load: async () => (await import('./pieces/cleanup.ts')).cleanup,
  },
  'first-login': {
    goals: [],
    limitSeconds: 120,
    onRequest: true,
    load: async () => (await import('./pieces/first-login.ts')).firstLogin,
  },
  flat: {
    goals: ['P9'],
    limitSeconds: 1800,
    onRequest: true,
    load: async () => (await import('./pieces/memory.ts')).flat,
  },
  flood: {
    goals: ['P10'],
    limitSeconds: 900,
    onRequest: true,
    load: async () => (await import('./pieces/flood.ts')).flood,
  },
  functions: {
    goals: [],
    limitSeconds: 240,
    onRequest: true,
    load: async () => (await import('./pieces/functions.ts')).functions,
  },
  'login-parts': {
    goals: [],
    limitSeconds: 60,
    onRequest: true,
    load: async () => (await import('./pieces/login-parts.ts')).loginParts,
  },
  'http-clients': {
    goals: [],
    limitSeconds: 60,
    onRequest: true,
    load: async () => (await import('./pieces/http-clients.ts')).httpClients,
  },
  registry: {
    goals: [],
    limitSeconds: 180,
    onRequest: true,
    load: async () => (await import('./pieces/registry.ts')).registry,
  },
  sizes: {
    goals: [],
    limitSeconds: 600,
    onRequest: true,
    load: async () => (await import('./pieces/sizes.ts')).sizes,
  },
};

/** The names of the pieces that are asked for by name or by goal; nothing asked: all that need no request. */
export function chosen(asked: readonly string[]): string[] {
  const names = Object.keys(PIECES);
  if (asked.length === 0) return names.filter(name => PIECES[name]?.onRequest === undefined);
  return names.filter(name => asked.includes(name) || PIECES[name]?.goals.some(goal => asked.includes(goal)));
}

/** What was asked for that is neither a piece nor a goal. */
export function unknown(asked: readonly string[]): string[] {
  const goals = Object.values(PIECES).flatMap(plan => plan.goals);
  return asked.filter(word => !Object.hasOwn(PIECES, word) && !goals.includes(word));
}
