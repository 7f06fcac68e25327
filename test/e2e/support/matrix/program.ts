/** A registry client of another author, as its users type it. */

export interface Program {
  /** As in packages.json, which says how it is installed. */
  readonly name: string;
  /** Whether it needs a docker daemon and its containerd. */
  readonly daemon?: true;
  /** Its daemon uses an access token until it ends, so that a removal is not noticed at once. */
  readonly keepsAccessTokens?: true;
  /** Files in the home of its user, which is the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  /** Stores the secret in `$SECRET`. */
  readonly login: string;
  /** Puts an image with new content under `$IMAGE:$TAG`, from `$LAYOUT` (an OCI image layout with the tag v1) or `$ARCHIVE`. */
  readonly push: string;
  /** Fetches it, and not from a cache. */
  readonly pull: string;
  /** For what is no image: fetches `$IMAGE@$DIGEST`. */
  readonly pullByDigest?: string;
  /** What its push appends to `$IMAGE`. */
  readonly below?: string;
}

/**
 * What `docker login` would write, for programs that read it and have no login of their own. Also for 127.0.0.1, where conftest
 * looks for what it pulls from localhost.
 */
export const DOCKER_CONFIG_LOGIN = `mkdir -p "$DOCKER_CONFIG"
auth=$(printf 'token:%s' "$SECRET" | base64 -w 0)
printf '{"auths": {"%s": {"auth": "%s"}, "127.0.0.1:%s": {"auth": "%s"}}}' \\
  "$REGISTRY" "$auth" "\${REGISTRY#*:}" "$auth" > "$DOCKER_CONFIG/config.json"`;

/** For programs that take the secret at each command. */
export const NO_LOGIN = ':';
