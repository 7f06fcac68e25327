/** Our login: the deployed function behind the gateway of one machine. */
import { handler } from '../../functions/login.ts';
import { startGateway } from '../../local/gateway.ts';
import { reportReady } from './serve.ts';

const { port } = await startGateway(handler, { host: '127.0.0.1', port: 0 });
reportReady(port);
