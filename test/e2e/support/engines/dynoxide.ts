/** For a project of vitest: its stores are tested on dynoxide. */
import { provideEngine } from './engine.ts';

export default provideEngine('dynoxide');
