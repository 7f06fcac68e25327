/** The files with which a registry trusts a deployment, for each kind of registry. */
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { KEY_SET } from '../../lib/api/public-responses.ts';
import {
  BUNDLE_FILE,
  distributionAuth,
  distributionNotifications,
  JWKS_FILE,
  keysFileOf,
  type RegistryAuth,
  SIGNING_KEY_FILE,
  zotHttp,
} from '../../lib/domain/registry-auth.ts';
import type { Secret } from '../../lib/domain/secret.ts';
import type { Broker } from '../broker.ts';
import { CliError } from '../errors.ts';
import { unexpectedResponse } from '../http.ts';
import { jsonText } from '../text.ts';
import { publicKeys, serviceFacts, servicePath } from './service.ts';

export const REGISTRY_KINDS = ['distribution', 'distribution-2', 'zot'] as const;
export type RegistryKind = (typeof REGISTRY_KINDS)[number];

export interface ConfigRequest {
  readonly broker: Broker;
  /** The name of the service. */
  readonly service: string;
  readonly kind: RegistryKind;
  /** Of zot: the key that takes over, instead of the one that signs now. */
  readonly next: boolean;
  /** Where the registry finds the files; absent: where its image has its configuration. */
  readonly directory: string | undefined;
  /** With which the registry reports what was pulled; absent: it does not. */
  readonly notificationSecret: Secret | undefined;
}

/** The one file with a secret. */
export const NOTIFICATIONS_FILE = 'notifications.yml';

export interface ConfigFiles {
  /** The name and the text of each; the first belongs into the registry's configuration. */
  readonly files: readonly (readonly [name: string, text: string])[];
  /** The same for `--output json`. */
  readonly members: Readonly<Record<string, unknown>>;
  /** What to know of them. */
  readonly note: string | undefined;
}

/** Throws CliError where the service's profile is not one that the registry can verify. */
export async function configFiles(request: ConfigRequest): Promise<ConfigFiles> {
  const keys = await publicKeys(request.broker, request.service);
  const service = serviceFacts(request.service, keys);
  const fault = FAULTS[request.kind]?.[service.profile];
  if (fault !== undefined) throw unfit(request, fault);
  const auth = { service, publicUrl: request.broker.url };
  if (request.kind === 'zot') return zotFiles(request, auth);
  const text = distributionAuth({
    ...auth,
    keysPath: join(request.directory ?? '/etc/distribution', keysFileOf(service)),
  });
  const { bundle, jwks } = keys;
  const { notificationSecret: secret } = request;
  const notifications = secret && distributionNotifications(auth, secret.reveal());
  return {
    files: [
      ['auth.yml', text],
      ...(notifications === undefined ? [] : [[NOTIFICATIONS_FILE, notifications] as const]),
      ...(bundle === undefined ? [] : [[BUNDLE_FILE, bundle] as const]),
      ...(request.kind === 'distribution-2' ? [] : [[JWKS_FILE, jsonText(jwks)] as const]),
    ],
    members: {
      auth: text,
      ...(notifications === undefined ? {} : { notifications }),
      rootcertbundle: bundle ?? null,
      jwks,
    },
    note: undefined,
  };
}

type Profile = ReturnType<typeof serviceFacts>['profile'];

/** Why a registry cannot verify the access tokens of a profile, and which one it needs. */
const FAULTS: Partial<
  Record<RegistryKind, Partial<Record<Profile, readonly [reason: string, needed: Profile]>>>
> = {
  zot: { x5c: ['it takes one key, and the key of an x5c service changes every week by itself', 'kid'] },
  'distribution-2': { kid: ['it takes certificates, and access tokens of a kid service have none', 'x5c'] },
};

function unfit({ kind, service }: ConfigRequest, [reason, needed]: readonly [string, Profile]): CliError {
  return new CliError(`${kind} cannot verify the access tokens of ${service}: ${reason}.`, {
    code: 'wrong-profile',
    next: `Set "profile": "${needed}" for this service in the file of PULLPASS_SERVICES, and restart the deployment.`,
  });
}

const ONE_KEY = v.object({ keys: v.pipe(KEY_SET.entries.keys, v.maxLength(1)) });

async function zotFiles(
  { broker, service, next, directory = '/etc/zot' }: ConfigRequest,
  auth: Omit<RegistryAuth, 'keysPath'>,
): Promise<ConfigFiles> {
  const path = servicePath(service, next ? 'next-signing-key.json' : 'signing-key.json');
  const [key] = (await broker.ask(ONE_KEY, { path })).keys;
  if (key === undefined)
    throw new CliError(`${service} has no key that waits to take over.`, { code: 'no-keys' });
  const pem = pemOf(key, broker.url);
  const section = { http: zotHttp({ ...auth, keysPath: join(directory, SIGNING_KEY_FILE) }) };
  return {
    files: [
      ['http.json', jsonText(section)],
      [SIGNING_KEY_FILE, pem],
    ],
    members: { auth: section, kid: key.kid, signingKey: pem },
    note: next
      ? `The key ${key.kid} does not sign yet: activate it, and restart zot.`
      : `The key ${key.kid} signs now. zot reads it when it starts.`,
  };
}

/** zot reads PEM in every version, and sets of one key only since 2.1.15. */
function pemOf(jwk: object, url: string): string {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString();
  } catch (cause) {
    throw unexpectedResponse(url, { problem: 'keys.0 is not a key', cause });
  }
}
