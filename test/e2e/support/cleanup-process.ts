/** One run of the cleanup function in a process of its own, with the milliseconds of its argument to go. */
import { randomUUID } from 'node:crypto';
import { handler } from '../../../functions/cleanup.ts';

const endsAt = performance.now() + Number(process.argv[2]);
const context = { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => endsAt - performance.now() };
const counts = await handler({}, context);
process.send?.({ ...counts, megabytes: process.resourceUsage().maxRSS / 1024 });
process.disconnect();
