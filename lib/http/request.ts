/** A route, the request that it takes at each step of the chain, and the response. */
import type { Readable } from 'node:stream';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Holder } from '../domain/holder.ts';
import type { IdentityPrincipal, LoginContext, Principal } from '../domain/principal.ts';
import type { LogFields } from '../ports/system.ts';
import type { Form } from './form.ts';

/** An HTTP API or function URL event, payload format 2.0. */
export type HttpEvent = APIGatewayProxyEventV2;

/** With a stream where the platform can send one; then there is no body. */
export type HttpResult = APIGatewayProxyStructuredResultV2 & { readonly stream?: Readable };

/**
 * Who may use a route. `login`: any secret of the token protocol, or none. `vend`: any parent of a credential.
 * `holder`: who holds a registry token, or a credential of one. `identity`: any IAM identity. `strong-administrator`: an administrator whose assertion no other service could have
 * replayed, even where the operator accepts replays. `pull`: our own access token, as at a registry. `notifications`: a registry, by the
 * secret that its service has for this.
 */
export type Authentication =
  | 'administrator'
  | 'holder'
  | 'identity'
  | 'login'
  | 'notifications'
  | 'public'
  | 'pull'
  | 'strong-administrator'
  | 'vend';

/**
 * The format of a route's errors: problem details (RFC 9457); the envelope that clients print of a login; or the one of a registry,
 * whose codes clients act on.
 */
export type ErrorFormat = 'distribution' | 'problem' | 'registry';

export interface Route {
  readonly method: 'ANY' | 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** Segments; `{name}` is one segment, `{name+}` at the end one or more. */
  readonly path: string;
  readonly operation: string;
  /** The only parameters that its query may have; absent: others are ignored, as OAuth wants it (RFC 6749 section 3.2). */
  readonly query?: readonly string[];
  readonly authentication: Authentication;
  readonly body: 'events' | 'form' | 'json' | 'none';
  readonly errors: ErrorFormat;
}

/** What is read of a request before its caller is authenticated. */
export interface RequestHead {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** A request of the registry proxy: its path names what is pulled, and its Host the registry. */
export interface PullHead extends RequestHead {
  readonly method: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
}

/** A parsed request. */
export interface Request extends RequestHead {
  readonly query: Form;
  /** The JSON value, undefined when there was no body or the route takes a form. */
  readonly json: unknown;
  readonly form: Form;
}

/** A request whose caller was authenticated as its route requires. */
export type Authenticated<P extends Principal = Principal> = Request & { readonly principal: P };

/** A request of who holds a registry token, or a credential of one. */
export type OfHolder = Request & { readonly holder: Holder };

/** What the log says of a request besides where it came from and its route; its line has the request's metrics too. */
export interface RequestEvent {
  readonly level: 'error' | 'info';
  readonly message: string;
  readonly fields: LogFields;
}

/** `text`, `bytes` and `stream` are sent as they are, `json` as JSON; none: no body. */
export interface Response {
  readonly status: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly stream?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** Logged once the request is answered. */
  readonly event?: RequestEvent;
}

/** A parsed login: what it asks for takes part in authentication, and the principal decides the rest. */
export interface PendingLogin {
  readonly context: LoginContext;
  readonly answer: (principal: Principal) => Promise<Response>;
}

type Manage = (request: Authenticated<IdentityPrincipal>) => Promise<Response>;

/** What handles a route, by its authentication. */
export interface HandlerOf {
  readonly public: (request: Request) => Promise<Response>;
  readonly pull: (head: PullHead) => Promise<Response>;
  readonly login: (request: Request) => PendingLogin;
  /** Verifies the secret in the head, before anything else is parsed. */
  readonly notifications: (head: RequestHead) => Promise<(request: Request) => Promise<Response>>;
  readonly vend: (request: Authenticated) => Promise<Response>;
  readonly holder: (request: OfHolder) => Promise<Response>;
  readonly identity: Manage;
  readonly administrator: Manage;
  readonly 'strong-administrator': Manage;
}

/** A handler for each operation of the routes, which takes no more than the route's authentication provides. */
export type HandlersOf<Routes extends readonly Route[]> = {
  readonly [R in Routes[number] as R['operation']]: HandlerOf[R['authentication']];
};
