import type { TableMarker } from '../../lib/ports/ledger.ts';
import type { Place } from '../contracts/table-identity.ts';

interface Word {
  id: symbol | undefined;
  usedAt: number | undefined;
  progress: string | undefined;
  isEmpty: boolean;
}
/** What the ledger knows. */
interface Register {
  id: symbol | undefined;
  since: number | undefined;
}

export function memoryIdentity(): Place {
  return placeOf({ id: undefined, since: undefined }, emptyWord());
}

function emptyWord(): Word {
  return { id: undefined, usedAt: undefined, progress: undefined, isEmpty: true };
}

function placeOf(register: Register, word: Word): Place {
  const id = Symbol('table');
  return {
    identity: identityOf(id, register, word),
    use: async () => {
      word.isEmpty = false;
    },
    copy: async () => placeOf(register, { ...word }),
    fresh: async () => placeOf(register, emptyWord()),
    strange: async () => placeOf({ id: undefined, since: undefined }, { ...word, id: undefined }),
  };
}

function identityOf(id: symbol, register: Register, word: Word): TableMarker {
  const adopt = async (nowMs: number) => {
    Object.assign(register, { id, since: register.since ?? nowMs });
    Object.assign(word, { id, usedAt: nowMs, isEmpty: false });
  };
  return {
    adopt,
    matches: async () => word.id === id,
    initialise: async nowMs => {
      if (register.id === undefined && word.id === undefined && word.isEmpty) await adopt(nowMs);
      if (register.id === id && word.id === id) return 'ours';
      if (word.id === id) word.id = undefined;
      return 'foreign';
    },
    heartbeat: async nowMs => {
      if (word.id === id) word.usedAt = nowMs;
    },
    history: async () => ({ usedAt: word.usedAt, ledgerSince: register.since }),
    progress: async () => word.progress,
    saveProgress: async next => {
      word.progress = next;
    },
  };
}
