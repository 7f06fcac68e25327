/** The bodies of errors: types of the encoders, schemas of the OpenAPI document, and what the CLI reads. */
import * as v from 'valibot';

/** One thing that is wrong in a request, and where. */
export const REQUEST_PROBLEM = v.object({ path: v.string(), message: v.string() });

/** RFC 9457. `errors` comes with `invalid-request`, `id` with `idempotency-replayed`, `at` with what has ended. */
export const PROBLEM = v.object({
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
  code: v.string(),
  requestId: v.string(),
  errors: v.optional(v.pipe(v.array(REQUEST_PROBLEM), v.readonly())),
  id: v.optional(v.string()),
  at: v.optional(v.string()),
});

export type ProblemDetails = v.InferOutput<typeof PROBLEM>;

/** What docker, containerd, crane and OAuth libraries read, in one body. */
export const REGISTRY_ERROR = v.object({
  errors: v.pipe(v.array(v.object({ code: v.string(), message: v.string() })), v.length(1)),
  details: v.string(),
  error: v.string(),
  error_description: v.string(),
});

export type RegistryError = v.InferOutput<typeof REGISTRY_ERROR>;
