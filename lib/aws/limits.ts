/** How long a call to AWS may take, and how many run at once: a login that waits is a build that waits. */

/** For a new connection, in milliseconds. */
export const CONNECTION_MS = 300;
/** For one request, in milliseconds. */
export const REQUEST_MS = 800;
/** Requests that one call comes to, at most. */
export const ATTEMPTS = 2;
/** Connections, and calls under way: one that waited for a connection would spend its time limits waiting. */
export const MAX_CALLS = 50;
