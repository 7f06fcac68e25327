/** One of our functions, as it is deployed, behind the gateway of one machine. */
import { startGateway } from '../../local/gateway.ts';
import { reportReady } from './serve.ts';

const [name = 'login'] = process.argv.slice(2);
const { handler } = await import(`../../functions/${name}.ts`);
const { port } = await startGateway(handler, { host: '127.0.0.1', port: 0 });
reportReady(port);
