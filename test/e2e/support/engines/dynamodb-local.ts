/** For a project of vitest: its stores are tested on DynamoDB Local. */
import { provideEngine } from './engine.ts';

export default provideEngine('DynamoDB Local');
