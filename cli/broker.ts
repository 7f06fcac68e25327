/** The HTTP client of one deployment. It knows one origin, and sends nothing to any other. */
import type * as v from 'valibot';
import { boundedFetch, type HttpResponse, parseResponse } from './http.ts';
import type { Credentials } from './login.ts';
import type { Network } from './network.ts';
import { refusalOf } from './refusal.ts';

export interface BrokerRequest {
  /** GET unless given. */
  readonly method?: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** From the origin on, encoded. */
  readonly path: `/${string}`;
  /** Members that are undefined are left out. */
  /** A list is a parameter that is repeated. */
  readonly query?: Readonly<Record<string, readonly string[] | string | undefined>>;
  readonly json?: unknown;
  /** In the place of JSON. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: an anonymous request. */
  readonly credentials?: Credentials;
}

export interface BrokerOptions {
  /** The origin of a target. */
  readonly url: string;
  readonly timeoutMs: number;
  readonly network: Network;
}

export class Broker {
  readonly url: string;
  readonly #timeoutMs: number;
  readonly #network: Network;

  constructor({ url, timeoutMs, network }: BrokerOptions) {
    this.url = url;
    this.#timeoutMs = timeoutMs;
    this.#network = network;
  }

  /**
   * The response to a request that succeeded. Throws CliError with the deployment's reason, or with the code
   * `unreachable` when it does not answer in time.
   */
  async send(request: BrokerRequest): Promise<HttpResponse> {
    const response = await this.answer(request);
    if (response.status >= 200 && response.status < 300) return response;
    throw refusalOf(response, this.url);
  }

  /** The response to the request, with any status. Throws CliError as `boundedFetch` does. */
  answer(request: BrokerRequest): Promise<HttpResponse> {
    const { method = 'GET', path, query = {}, credentials } = request;
    const given = Object.entries(query).flatMap(([name, value]) =>
      [value ?? []].flat().map(one => [name, one] as [string, string]),
    );
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    const content = contentOf(request);
    return boundedFetch(this.url + path + search, {
      method,
      body: content.body,
      timeoutMs: this.#timeoutMs,
      network: this.#network,
      headers: {
        accept: 'application/json, application/problem+json, */*;q=0.5',
        ...content.headers,
        ...request.headers,
        ...(credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }),
      },
    });
  }

  /** As `send`; answers the JSON of the response as the schema types it. Throws also when it is something else. */
  async ask<S extends v.GenericSchema>(schema: S, request: BrokerRequest): Promise<v.InferOutput<S>> {
    const { text } = await this.send(request);
    return parseResponse(schema, text, this.url);
  }
}

interface Content {
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

function contentOf({ json, form }: BrokerRequest): Content {
  const type = (name: string) => ({ 'content-type': `application/${name}` });
  if (form !== undefined) {
    return { body: new URLSearchParams(form).toString(), headers: type('x-www-form-urlencoded') };
  }
  return json === undefined
    ? { body: undefined, headers: {} }
    : { body: JSON.stringify(json), headers: type('json') };
}

/** RFC 7617; the same at every route. */
function basicAuthorization({ userName, password }: Credentials): string {
  return `Basic ${Buffer.from(`${userName}:${password.reveal()}`).toString('base64')}`;
}
