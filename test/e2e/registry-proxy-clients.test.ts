/** Clients at the registry proxy, before the registries that CI has. */
import { describeProxyClients } from './support/matrix/proxy-clients.ts';
import { UPSTREAMS } from './support/upstream.ts';

describeProxyClients(UPSTREAMS);
