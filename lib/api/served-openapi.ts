/** The OpenAPI document as a deployment serves it: with its own address, services and build platforms. */
import type { WorkloadIssuer } from '../domain/identity.ts';
import type { Service } from '../domain/service.ts';
import type { HandlerOf } from '../http/request.ts';

export interface OpenApiOptions {
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly services: readonly Service[];
  readonly platforms: readonly Pick<WorkloadIssuer, 'key'>[];
}

/** What the committed document says where a deployment has something of its own. */
const EXAMPLE = { url: 'https://pullpass.example', service: 'registry.example' } as const;

export function openApiHandlers(options: OpenApiOptions) {
  let text: Promise<string> | undefined;
  return {
    async getOpenApi() {
      text ??= openApiText(options);
      return {
        status: 200,
        text: await text,
        headers: { 'cache-control': 'public, max-age=300', 'content-type': 'application/json' },
      };
    },
  } satisfies Record<string, HandlerOf['public']>;
}

/** Read when it is asked for, because a cold start for a registry's keys need not parse it; written once. */
async function openApiText({ publicUrl, services, platforms }: OpenApiOptions): Promise<string> {
  const { default: document } = await import('./openapi.json', { with: { type: 'json' } });
  const names = services.map(({ name }) => name);
  const values = {
    services: names,
    registries: [...new Set([...names, ...services.map(({ registry }) => registry)])],
    platforms: platforms.map(({ key }) => key),
  };
  const [service = EXAMPLE.service] = names;
  const own = { ...document, servers: [{ url: publicUrl }] };
  return JSON.stringify(own, (_, value: unknown) => {
    if (value === EXAMPLE.service) return service;
    if (typeof value === 'string') return value.replaceAll(EXAMPLE.url, publicUrl);
    return isListed(value) ? withValues(value, values[value['x-one-of']]) : value;
  });
}

interface Listed {
  readonly 'x-one-of': 'platforms' | 'registries' | 'services';
}

function isListed(value: unknown): value is Listed {
  return typeof value === 'object' && value !== null && 'x-one-of' in value;
}

/** What only a deployment can list. */
function withValues({ 'x-one-of': _, ...schema }: Listed, values: readonly string[]): object {
  return values.length === 0 ? schema : { ...schema, enum: values };
}
