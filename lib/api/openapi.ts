/** The description of this API for machines: the committed document, with this deployment as its server. */
import type { Handlers } from '../http/exchange.ts';

/** `publicUrl` is `PULLPASS_URL`. */
export function openApiOperations(publicUrl: string): Handlers {
  return {
    async getOpenApi() {
      // Read when it is asked for: a cold start for a registry's keys need not parse it.
      const { default: document } = await import('./openapi.json', { with: { type: 'json' } });
      return {
        status: 200,
        json: { ...document, servers: [{ url: publicUrl }] },
        headers: { 'cache-control': 'public, max-age=300' },
      };
    },
  };
}
