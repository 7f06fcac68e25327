/** Where registries listen on this machine. */

/** The registry's own address where it is one of this machine, else one of its family. */
export function loopbackOf(registry: string): string {
  if (registry.startsWith('[')) return '[::1]';
  return /^127(?:\.\d{1,3}){3}(?=:|$)/.exec(registry)?.[0] ?? '127.0.0.1';
}

/** The port in the name of a registry; undefined when it has none. */
function portOf(registry: string): string | undefined {
  return /^(?:\[[^\]]*\]|[^:/]+):(\d{1,5})$/.exec(registry)?.[1];
}

const FIRST_PORT = 5000;

/** The ports that clients know; where that is taken at its address, or not said, the first free ones from 5000 on. */
export function portsOf(registries: readonly string[]): string[] {
  const taken = new Set<string>();
  const said = new Set(registries.map(portOf));
  const own = registries.map(registry => {
    const port = portOf(registry);
    const address = `${loopbackOf(registry)}:${port}`;
    if (port === undefined || taken.has(address)) return undefined;
    taken.add(address);
    return port;
  });
  let next = FIRST_PORT;
  return own.map(port => {
    if (port !== undefined) return port;
    while (said.has(String(next))) next++;
    said.add(String(next));
    return String(next);
  });
}
