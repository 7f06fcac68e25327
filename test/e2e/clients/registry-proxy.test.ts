/** Clients at the registry proxy, before a registry that CI lacks. */
import { describeProxyClients } from '../support/matrix/proxy-clients.ts';

describeProxyClients(['zot']);
