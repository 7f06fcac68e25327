/** What the registry proxy adds to a manifest and to a redirected blob, beside the registry behind it alone. Needs a distribution 3. */
import { type Cost, compare, type Round } from '../support/compare.ts';
import { type Image, openDistribution } from '../support/distribution.ts';
import { type LoginServers, openLoginServers } from '../support/login-servers.ts';
import { get } from '../support/requests.ts';
import { type Row, row } from '../support/row.ts';

const NAME = 'team-a/app';
const ACCEPT = ['accept: application/vnd.oci.image.manifest.v1+json'];
const REDIRECT = /^HTTP\/1\.1 307 /;

export async function registry(): Promise<Row[]> {
  const distribution = await openDistribution(NAME);
  const upstream = { url: `http://127.0.0.1:${distribution.server.port}` };
  const around = await openLoginServers({ upstream });
  const bearer = `Bearer ${await accessToken(around)}`;
  const proxy = await around.start('registry');
  const { manifest, blob } = pathsOf(distribution.image);
  const both = { 'manifest alone': distribution.server, 'manifest by the proxy': proxy };
  const subjects = {
    ...Object.fromEntries(
      Object.entries(both).map(([name, server]) => [
        name,
        { server, requests: [get(manifest, bearer, ACCEPT)] },
      ]),
    ),
    'blob alone': { server: distribution.server, requests: [get(blob)], expected: REDIRECT },
    'blob by the proxy': { server: proxy, requests: [get(blob, bearer)], expected: REDIRECT },
  };
  const busy = await compare<string>(subjects);
  // The processes share a core, on which the latency of several at a time would be how many it serves.
  const alone = Object.entries(subjects).map(([name, subject]) => [name, { ...subject, connections: 1 }]);
  const idle = await compare<string>(Object.fromEntries(alone));
  await Promise.all([proxy.close(), distribution.close()]);
  await around.close();
  return (['manifest', 'blob'] as const).flatMap(what => rowsOf(what, busy, idle));
}

type Costs = Readonly<Record<string, Cost>>;

function rowsOf(what: 'blob' | 'manifest', busy: Costs, idle: Costs): Row[] {
  const name = what === 'blob' ? 'a redirected blob' : 'a manifest';
  const of = (costs: Costs, figure: keyof Round, where: 'alone' | 'by the proxy') =>
    costs[`${what} ${where}`]?.[figure] ?? Number.NaN;
  const ratio = (costs: Costs, figure: keyof Round) =>
    of(costs, figure, 'by the proxy') / of(costs, figure, 'alone');
  const ms = { unit: 'ms', digits: 3 };
  return [
    row('', `CPU of ${name} at the registry alone`, { value: of(busy, 'cpu', 'alone'), ...ms }),
    row('', `CPU of the proxy for ${name}`, { value: of(busy, 'cpu', 'by the proxy'), ...ms }),
    row('', `${name}: CPU of the proxy to that of the registry alone`, { value: ratio(busy, 'cpu') }),
    row('', `latency of ${name} at the registry alone`, { value: of(idle, 'p50', 'alone'), ...ms }),
    row('', `${name}: latency by the proxy to that of the registry alone`, { value: ratio(idle, 'p50') }),
  ];
}

function pathsOf({ layer }: Image): { manifest: string; blob: string } {
  return { manifest: `/v2/${NAME}/manifests/v1`, blob: `/v2/${NAME}/blobs/${layer}` };
}

/** As a client gets one before it pulls. */
async function accessToken({ start, request }: LoginServers): Promise<string> {
  const login = await start('login');
  const [, path = '', authorization = ''] = /^GET (\S+) [\s\S]*authorization: ([^\r]+)\r/.exec(request) ?? [];
  const answer = await fetch(`http://127.0.0.1:${login.port}${path}`, { headers: { authorization } });
  const { token } = (await answer.json()) as { token: string };
  await login.close();
  return token;
}
