/** An OIDC issuer on loopback, as a build platform and as an IAM: it signs any claims. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { OwnIam } from './world.ts';

const KID = 'platform-key';
const LIFE = '10m';
const LIFE_SECONDS = 600;

/** Answers a request with JSON; undefined: it is refused. */
type Respond = (request: IncomingMessage, url: URL) => Promise<object | undefined>;

export class Platform {
  readonly #server: Server;
  readonly #key: CryptoKey;
  readonly #paths: Map<string, Respond>;

  private constructor(server: Server, key: CryptoKey, paths: Map<string, Respond>) {
    this.#server = server;
    this.#key = key;
    this.#paths = paths;
  }

  static async start(): Promise<Platform> {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: KID, alg: 'RS256', use: 'sig' }] };
    const paths = new Map<string, Respond>([['/keys', async () => keys]]);
    const server = createServer(async (request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const answer = await paths.get(url.pathname)?.(request, url);
      response.writeHead(answer === undefined ? 403 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer ?? { errorMessage: 'refused' }));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new Platform(server, privateKey, paths);
  }

  get keysUrl(): string {
    return `${this.#url}/keys`;
  }

  /** Makes it an IAM that gives this API key an access token of the issuer, as IBM's does; answers its token URL. */
  exchangeApiKey(apiKey: string, issue: () => Promise<string>): string {
    this.#paths.set('/token', async request => {
      const form = new URLSearchParams(await text(request));
      if (form.get('apikey') !== apiKey) return undefined;
      return { access_token: await issue(), token_type: 'Bearer', expires_in: LIFE_SECONDS };
    });
    return `${this.#url}/token`;
  }

  /**
   * Gives a job its OIDC token as GitHub Actions does ("OpenID Connect reference", "Using the OIDC token"); answers what
   * it puts into `ACTIONS_ID_TOKEN_REQUEST_URL`.
   */
  offerJobTokens(requestToken: string, issue: (audience: string) => Promise<string>): string {
    this.#paths.set('/job', async ({ headers }, url) => {
      if (headers.authorization !== `Bearer ${requestToken}`) return undefined;
      return { count: 1, value: await issue(url.searchParams.get('audience') ?? '') };
    });
    return `${this.#url}/job?api-version=2.0`;
  }

  /**
   * Makes it the token endpoint of registries (distribution `docs/content/spec/auth/token.md`) that knows one user and grants
   * what is asked for; answers its URL.
   */
  giveAccessTokens(issuer: string, user: string): string {
    this.#paths.set('/access-token', async (request, { searchParams }) => {
      const asked = request.method === 'POST' ? new URLSearchParams(await text(request)) : searchParams;
      const [, basic = ''] = request.headers.authorization?.split('Basic ') ?? [];
      const given = asked.has('password') ? `${asked.get('username')}:${asked.get('password')}` : atob(basic);
      if (given !== user) return undefined;
      const scopes = asked.getAll('scope').flatMap(scope => scope.split(' '));
      const access = scopes.map(scope => {
        const [type, name, actions = ''] = scope.split(':');
        return { type, name, actions: actions.split(',') };
      });
      const token = await this.token(issuer, asked.get('service') ?? '', { access });
      return { token, access_token: token, expires_in: LIFE_SECONDS };
    });
    return `${this.#url}/access-token`;
  }

  /** A token of one of its issuers. */
  token(issuer: string, audience: string, claims: Record<string, unknown>): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: KID })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(LIFE)
      .sign(this.#key);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
}

const IAM = 'https://iam.example';

/** The issuer of the deployment that `ownIam` is given to. */
export let platform: Platform;

/** An IAM whose Alice administers the account, and with the same keys these build platforms: by key, the issuer of each. */
export function ownIam(workloads: Readonly<Record<string, string>>, apiKey?: string): OwnIam {
  const alice = (publicUrl: string) =>
    platform.token(IAM, publicUrl, { iam_id: 'alice', account: { bss: 'acme' } });
  return {
    administrators: 'corp:acme:alice',
    async entries(publicUrl) {
      platform = await Platform.start();
      const { keysUrl } = platform;
      const tokenUrl =
        apiKey === undefined ? {} : { tokenUrl: platform.exchangeApiKey(apiKey, () => alice(publicUrl)) };
      return [
        { key: 'corp', issuer: IAM, keysUrl, ...tokenUrl, audience: publicUrl },
        ...Object.entries(workloads).map(([key, issuer]) => ({
          ...{ key, kind: 'workload', platform: key },
          ...{ issuer, keysUrl },
        })),
      ];
    },
    authorization: async publicUrl => `Bearer ${await alice(publicUrl)}`,
  };
}
