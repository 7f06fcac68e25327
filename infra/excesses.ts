/** Holds a bundle to its budget. */
import type { Budget } from './budgets.ts';
import type { Bundle } from './bundle.ts';

const OWN = /^(?:functions|lib)\//;

/** What is wrong with a bundle, a line each; nothing: it keeps its budget. */
export function excesses({ name, startBytes, totalBytes, contents }: Bundle, budget: Budget): string[] {
  const strangers = [...contents.keys()].filter(origin => !OWN.test(origin) && !allows(budget, origin));
  return [
    ...over(`${name}: a cold start reads`, startBytes, budget.startBytes),
    ...over(`${name}: all files are`, totalBytes, budget.totalBytes),
    ...strangers.map(origin => `${name}: holds ${origin}`),
  ];
}

function over(what: string, bytes: number, most: number): string[] {
  return bytes > most ? [`${what} ${bytes} bytes, ${bytes - most} too many`] : [];
}

function allows({ packages }: Budget, origin: string): boolean {
  return packages.some(name =>
    name.endsWith('/*') ? origin.startsWith(name.slice(0, -1)) : origin === name,
  );
}
