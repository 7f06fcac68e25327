/** The entry of the credential provider that the kubelet calls before it pulls an image. */
import { PROVIDER_TIMEOUTS, provide } from './kubelet/provide.ts';
import { start } from './start.ts';

start('pullpass-kubelet-provider', provide, PROVIDER_TIMEOUTS);
