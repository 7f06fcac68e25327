/** The OpenAPI 3.1 document of the whole API, from the table of routes and the schemas. */
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { ERRORS } from '../../lib/domain/errors.ts';
import type { Route } from '../../lib/http/request.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { ANSWERS } from './answers.ts';
import { ERROR_CODES, FAILURE_PARTS } from './failure-schemas.ts';
import { type Failures, failuresOf } from './failures.ts';
import { HEADERS } from './headers.ts';
import type { Line, Operation, Tag } from './operation.ts';
import { ACCOUNT_OPERATIONS } from './operations/account.ts';
import { CREDENTIAL_OPERATIONS } from './operations/credentials.ts';
import { DISCOVERY_OPERATIONS } from './operations/discovery.ts';
import { LOGIN_OPERATIONS } from './operations/login.ts';
import { TOKEN_OPERATIONS } from './operations/tokens.ts';
import { REQUESTS } from './requests.ts';
import { schemasOf } from './schema.ts';
import { accessTo, SECURITY_SCHEMES } from './security.ts';

const OPERATIONS: Readonly<Record<Line, Operation>> = {
  ...TOKEN_OPERATIONS,
  ...ACCOUNT_OPERATIONS,
  ...CREDENTIAL_OPERATIONS,
  ...LOGIN_OPERATIONS,
  ...DISCOVERY_OPERATIONS,
};

const TAGS: Record<Tag, string> = {
  Tokens: 'Long-lived secrets of an account, which log in to registries.',
  Namespaces: 'The first segments of repository names. One account holds each.',
  Policies: 'What the IAM identities of an account may do.',
  Trusts: 'Which workloads of build platforms may log in for an account.',
  Identity: 'Who the caller is.',
  Credentials: 'Short-lived secrets, and how secrets end.',
  Login: 'A secret in, an access token for a registry out.',
  'Public documents': 'Keys, certificates, metadata.',
};

const INTRODUCTION = `A token broker for container registries. JSON in UTF-8; times are RFC 3339 in UTC; members that are not known here, members that are given twice and wrong types are refused.

What belongs to another account is not found. Failures are problem details (RFC 9457), but for the login endpoint and \`/oauth/revoke\`, whose failures registry clients and OAuth libraries can read.

At an unknown path, and at a known one with another method, the answer is that of \`not-found\` and \`method-not-allowed\`; the latter names the methods that there are in \`Allow\`.

| code | status | meaning |
|---|---|---|
${ERROR_CODES.map(code => `| \`${code}\` | ${ERRORS[code].status} | ${ERRORS[code].detail} |`).join('\n')}
`;

/** The document. The server stands for a deployment, which puts its own in its place. */
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
  const { security, who } = accessTo(route);
  const { body, parameters, description } = more;
  const failures = failuresOf(route, own);
  const operation = {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, who].filter(Boolean).join('\n\n'),
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
  const failures = Object.assign({}, ...described.map(({ failures: { schemas: those } }) => those));
  return { ...REQUESTS, ...schemasOf({ ...ANSWERS, ...FAILURE_PARTS, ...failures }) };
}
