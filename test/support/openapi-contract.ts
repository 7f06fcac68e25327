/** Holds requests and answers against the OpenAPI document, and remembers which of its answers were seen. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import document from '../../lib/api/openapi.json' with { type: 'json' };
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import type { Route } from '../../lib/http/request.ts';
import { createRouter } from '../../lib/http/router.ts';
import type { Received, Sent } from './events.ts';

interface Ref {
  readonly $ref: string;
}
interface Content {
  readonly schema: Ref | { readonly oneOf: readonly Ref[] };
}
interface ResponseObject {
  readonly headers: Readonly<Record<string, Ref>>;
  readonly content?: Readonly<Record<string, Content>>;
}
interface HeaderObject {
  readonly schema: { readonly type: string };
}
interface OperationObject {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, ResponseObject | Ref>>;
}

const ROUTER = createRouter(ALL_ROUTES);
const NO_CONTENT = 'no content';

export function operationOf({ method, path }: Pick<Route, 'method' | 'path'>): OperationObject {
  const paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> = document.paths;
  const found = paths[path]?.[method.toLowerCase()] as OperationObject | undefined;
  if (found === undefined) throw new Error(`${method} ${path} is not in the document`);
  return found;
}

/** Every answer of an operation: status, media type, and the name of the schema. */
export function answersOf(route: Route): string[] {
  const { operationId, responses } = operationOf(route);
  return Object.entries(responses).flatMap(([status, response]) =>
    Object.entries(resolve<ResponseObject>(response).content ?? { [NO_CONTENT]: undefined }).flatMap(
      ([mediaType, content]) =>
        (content === undefined ? [''] : refsOf(content)).map(ref =>
          [operationId, status, mediaType, ref].join(' ').trim(),
        ),
    ),
  );
}

export class OpenApiContract {
  readonly #seen = new Set<string>();
  readonly #validator = validator();

  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  /** Throws for an answer that is not documented, or is not as documented; and for a good request that is not. */
  see(line: string, sent: Sent, answer: Received): void {
    const [method = '', target = ''] = line.split(' ');
    const { route } = ROUTER.match(method, target.replace(/\?.*$/, ''));
    const operation = operationOf(route);
    const where = `${operation.operationId} ${answer.status}`;
    const response = operation.responses[answer.status];
    if (response === undefined) throw new Error(`${where} is not in the document: ${answer.text}`);
    this.#checkHeaders(where, resolve<ResponseObject>(response), answer);
    this.#seen.add(`${where} ${this.#checkContent(where, resolve<ResponseObject>(response), answer)}`);
    if (answer.status < 300) this.#checkRequest(operation, sent);
  }

  /** What was seen: the media type, and the name of the schema. */
  #checkContent(where: string, { content }: ResponseObject, { headers, text, json }: Received): string {
    const mediaType = headers['content-type'];
    if (content === undefined) {
      if (text !== '' || mediaType !== undefined) throw new Error(`${where} has content`);
      return NO_CONTENT;
    }
    const documented = content[mediaType ?? ''];
    if (documented === undefined) throw new Error(`${where} ${mediaType} is not in the document`);
    const faults = new Map(refsOf(documented).map(ref => [ref, this.#faultsOf(ref, json ?? text)]));
    const fitting = [...faults].filter(([, fault]) => fault === undefined).map(([ref]) => ref);
    if (fitting.length !== 1) throw new Error(`${where} ${text} is ${JSON.stringify([...faults])}`);
    return `${mediaType} ${fitting.join('')}`;
  }

  #checkHeaders(where: string, { headers }: ResponseObject, answer: Received): void {
    const { 'content-type': _, ...received } = answer.headers;
    const documented = Object.entries(headers).map(([name, ref]) => [name.toLowerCase(), ref] as const);
    const unknown = Object.keys(received).filter(name => !documented.some(([known]) => known === name));
    if (unknown.length > 0) throw new Error(`${where} has undocumented headers: ${unknown.join(', ')}`);
    for (const [name, ref] of documented) {
      const { type } = resolve<HeaderObject>(ref).schema;
      const value = received[name];
      const fault = this.#faultsOf(`${ref.$ref}/schema`, type === 'integer' ? Number(value) : value);
      if (fault !== undefined) throw new Error(`${where} ${name}: ${value}: ${fault}`);
    }
  }

  #checkRequest({ operationId, requestBody }: OperationObject, { json, form }: Sent): void {
    const [content] = Object.values(requestBody?.content ?? {});
    if (content === undefined || (json === undefined && form === undefined)) return;
    const body = json ?? fieldsOf(form);
    const faults = refsOf(content).map(ref => this.#faultsOf(ref, body));
    if (!faults.includes(undefined))
      throw new Error(`${operationId} took ${JSON.stringify(body)}: ${faults}`);
  }

  #faultsOf(ref: string, value: unknown): string | undefined {
    const validate = this.#validator(ref);
    return validate(value) ? undefined : JSON.stringify(validate.errors);
  }
}

/** A validator for JSON Schema 2020-12 that knows the whole document. */
export function validator(): (ref: string) => ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  ajv.addFormat('uuid', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  ajv.addFormat('date-time', text => !Number.isNaN(Date.parse(text)));
  ajv.addFormat('uri', text => URL.canParse(text));
  // Schemas are held strictly; what is around them is no schema.
  ajv.addVocabulary([...Object.keys(document), 'x-one-of']);
  ajv.addSchema(document, 'document');
  return ref => {
    const validate = ajv.getSchema(`document${ref}`);
    if (validate === undefined) throw new Error(`${ref} is not in the document`);
    return validate;
  };
}

function refsOf({ schema }: Content): string[] {
  return '$ref' in schema ? [schema.$ref] : schema.oneOf.map(({ $ref }) => $ref);
}

function resolve<T extends object>(value: T | Ref): T {
  if (!('$ref' in value)) return value;
  const steps = value.$ref.slice('#/'.length).split('/');
  const found = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], document);
  return found as T;
}

/** A form as the document describes it: `scope` is a list. */
function fieldsOf(form: Sent['form']): Record<string, unknown> {
  const entries = Object.entries(form ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, name === 'scope' ? [value] : value]));
}
