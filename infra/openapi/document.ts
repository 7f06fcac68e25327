/** The OpenAPI 3.1 document of the whole API, from the table of routes and the schemas. */
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { ERRORS, nameOfError } from '../../lib/domain/error-codes.ts';
import type { Route } from '../../lib/http/request.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { type Component, documented } from './component.ts';
import { ERROR_CODES, FAILURE_PARTS, type Failures, failuresOf } from './failures.ts';
import { MANAGEMENT_OPERATIONS } from './management-operations.ts';
import { HEADERS, type Line, type Operation, type Tag } from './operation.ts';
import { PUBLIC_OPERATIONS } from './public-operations.ts';
import { CREDENTIAL_RESPONSES, PUBLIC_RESPONSES } from './public-responses.ts';
import { REQUESTS } from './requests.ts';
import { RESPONSES } from './responses.ts';
import { schemasOf } from './schema.ts';
import { accessTo, SECURITY_SCHEMES } from './security.ts';

const OPERATIONS: Readonly<Record<Line, Operation>> = { ...MANAGEMENT_OPERATIONS, ...PUBLIC_OPERATIONS };

const TAGS: Record<Tag, string> = {
  Tokens: 'Long-lived secrets of an account that log in to registries.',
  Namespaces: 'The first segments of repository names. Each belongs to one account.',
  Policies: 'What the IAM identities of an account may do.',
  Trusts: 'Which workloads of build platforms may log in to an account.',
  Rules: 'What an account allows for its tokens and credentials.',
  Usage: 'How often images were pulled.',
  Audit: 'What was done, and who did it.',
  Identity: 'Who the caller is.',
  Credentials: 'Short-lived secrets, and revocation.',
  Login: 'A secret in, an access token for a registry out.',
  'Public documents': 'Keys, certificates, metadata.',
};

const INTRODUCTION = `A token broker for container registries. JSON in UTF-8; times are RFC 3339 in UTC. Unknown members, duplicate members and wrong types are refused, and so are unknown parameters of a query, except at the login endpoint and at \`/oauth/revoke\`.

Objects of another account are answered with \`not-found\`. Failures are problem details (RFC 9457). The login endpoint and \`/oauth/revoke\` answer failures in a form that registry clients and OAuth libraries can read.

An unknown path is answered with \`not-found\`, another method at a known path with \`method-not-allowed\`; its header \`Allow\` names the allowed methods.

| code | status | meaning |
|---|---|---|
${ERROR_CODES.map(code => `| \`${nameOfError(code)}\` | ${ERRORS[code].status} | ${ERRORS[code].detail} |`).join('\n')}
`;

/** The document. A deployment replaces the server with its own. */
export function openApiDocument(): object {
  const described = ALL_ROUTES.map(describe);
  return {
    openapi: '3.1.1',
    info: {
      title: 'Pullpass',
      version: packageFile.version,
      summary: packageFile.description,
      description: INTRODUCTION,
      license: { name: 'Apache License 2.0', identifier: packageFile.license },
    },
    servers: [{ url: 'https://pullpass.example', description: 'A deployment: its PULLPASS_URL.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths: pathsOf(described),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      headers: HEADERS,
      responses: Object.assign({}, ...described.map(({ failures }) => failures.responses)),
      schemas: schemas(described),
    },
  };
}

interface Described {
  readonly route: Route;
  readonly operation: object;
  readonly failures: Failures;
}

function describe(route: Route): Described {
  const {
    id = route.operation,
    tag,
    summary,
    answers,
    failures: own = [],
    ...more
  } = OPERATIONS[`${route.method} ${route.path}` as Line];
  const { security, callers } = accessTo(route);
  const { body, parameters, description } = more;
  const failures = failuresOf(route, own);
  const operation = {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, callers].filter(Boolean).join('\n\n'),
    security,
    ...(parameters === undefined ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...answers, ...failures.answers },
  };
  return { route, operation, failures };
}

function pathsOf(described: readonly Described[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { route, operation } of described) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation };
  }
  return paths;
}

function schemas(described: readonly Described[]): object {
  const failures: Record<string, Component> = Object.assign(
    {},
    ...described.map(one => one.failures.schemas),
  );
  const components = {
    ...RESPONSES,
    ...PUBLIC_RESPONSES,
    ...CREDENTIAL_RESPONSES,
    ...FAILURE_PARTS,
    ...failures,
  };
  const definitions = Object.entries(components).map(([name, { schema }]) => [name, schema]);
  const entries = Object.entries(schemasOf(Object.fromEntries(definitions))).map(([name, jsonSchema]) => [
    name,
    documented(jsonSchema, components[name as keyof typeof components]),
  ]);
  return { ...REQUESTS, ...Object.fromEntries(entries) };
}
