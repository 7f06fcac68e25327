/** The tests that mutation testing runs: those of the pure rules. */
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['test/domain/**/*.test.ts'], testTimeout: 30_000 } });
