/** The entry of the credential provider that the kubelet calls before it pulls an image. */
import { processIo } from './io.ts';
import { PROVIDER_TIMEOUTS, provide } from './kubelet/provide.ts';

// Exits at once: requests that are still open no longer matter.
void provide(process.argv.slice(2), processIo(PROVIDER_TIMEOUTS)).then(code => process.exit(code));
