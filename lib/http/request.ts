/** A parsed request, a response, and the route between them. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { AssertionKind, Identity } from '../domain/identity.ts';
import type { HeldRole } from '../domain/policy.ts';
import type { Secret } from '../domain/secret.ts';
import type { Workload } from '../domain/trust.ts';
import type { Form } from './form.ts';

/** An HTTP API or function URL event, payload format 2.0. */
export type HttpEvent = APIGatewayProxyEventV2;

export type HttpResult = APIGatewayProxyStructuredResultV2;

/**
 * Who may use a route. `login`: whatever proof the token protocol knows. `vend`: whatever a credential may stem from.
 * `identity`: any IAM identity. `strong-administrator`: an administrator whose proof nobody else could have replayed, whatever the operator allows.
 */
export type Authentication =
  | 'administrator'
  | 'identity'
  | 'login'
  | 'public'
  | 'strong-administrator'
  | 'vend';

/** The shape of a route's errors: problem details (RFC 9457), or the envelope that registry clients print. */
export type ErrorFormat = 'problem' | 'registry';

export interface Route {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** Segments; `{name}` stands for one segment. */
  readonly path: string;
  readonly operation: string;
  readonly authentication: Authentication;
  readonly body: 'form' | 'json' | 'none';
  readonly errors: ErrorFormat;
}

/** What a caller presented, before anyone has looked at it. */
export type Credentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'oidc' | 'token'; readonly secret: Secret }
  | { readonly kind: AssertionKind; readonly secret: Secret };

/** Who was recognised, with the roles of an identity in its account. */
export type Recognised =
  | { readonly kind: 'identity'; readonly identity: Identity; readonly roles: readonly HeldRole[] }
  | { readonly kind: 'workload'; readonly workload: Workload };

/** A parsed request. */
export interface Request {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Form;
  /** The JSON value, undefined when there was no body or the route takes a form. */
  readonly json: unknown;
  readonly form: Form;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly sourceAddress: string;
  readonly presented: Credentials;
  /** Set by the identity phase, for every proof of an IAM or a build platform that held. */
  readonly recognised: Recognised | undefined;
}

/** A call by an identity that the route's guard let pass. */
export type IdentityRequest = Request & {
  readonly identity: Identity;
  readonly roles: readonly HeldRole[];
};

/** `text` is sent as it is, `json` as JSON; neither: no body. */
export interface Response {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Handler<C extends Request = Request> = (call: C) => Promise<Response>;

/** By the name that the route table gives them. */
export type Handlers = Readonly<Record<string, Handler>>;
