/** Keys in moto's Secrets Manager and KMS, and registries that accept what they sign. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AwsCall } from '../../../lib/aws/client.ts';
import { secretCopies, secretsManager } from '../../../lib/aws/secrets.ts';
import { credentialKeyRotation, credentialKeys } from '../../../lib/derivation/credential-keys.ts';
import { kmsDerivation } from '../../../lib/derivation/derivation.ts';
import { secretKeySource } from '../../../lib/derivation/key-source.ts';
import type { Service } from '../../../lib/domain/service.ts';
import { type KeyStore, secretKeyStore } from '../../../lib/signing/key-store.ts';
import { keyPublication } from '../../../lib/signing/publication.ts';
import { cachedRings } from '../../../lib/signing/ring.ts';
import { activateKey, maintainRing, replaceKeys } from '../../../lib/signing/ring-rotation.ts';
import { accessTokenSigner } from '../../../lib/signing/signer.ts';
import { portsOf } from '../../../local/registry-addresses.ts';
import { writeRegistryFiles } from '../../../local/registry-files.ts';
import { keyDirectoryContract } from '../../contracts/key-directory.ts';
import { claimsFor, ISSUER } from '../../signing/context.ts';
import { callerIn, callerOf, REGION } from '../../support/loopback-aws.ts';
import { newDirectory, removeDirectory } from '../support/directories.ts';
import { MOTO_ACCOUNT, Moto } from '../support/moto.ts';
import { freePort } from '../support/ports.ts';
import { REGISTRIES, type Registry, type RegistryKind, startRegistry } from '../support/registry.ts';

let moto: Moto;
let home: string;
beforeAll(async () => {
  home = await newDirectory('keys-on-aws');
  moto = await Moto.start();
});
afterAll(async () => {
  await moto.stop();
  await removeDirectory(home);
});

const now = () => Math.floor(Date.now() / 1000);
const secrets = () => secretsManager(callerOf('secretsManager', moto.endpoint), randomBytes);
const aPrefix = () => `pullpass-${randomBytes(4).toString('hex')}`;

keyDirectoryContract('secrets of moto', async () => {
  const prefix = aPrefix();
  return () => secretKeyStore(secrets(), prefix);
});

it('credential keys in moto rotate and are dropped', async () => {
  const place = () => secretKeySource(secrets(), `${aPrefix()}/credential`);
  const [open, start] = [place(), now()];
  const made = await Promise.all(
    [1, 2, 3].map(() => credentialKeyRotation(open, randomBytes).maintain(start)),
  );
  expect(made.flatMap(report => report.added)).toEqual(['k1']);
  const before = await credentialKeys(open).mac('k1', 'text', start);
  await credentialKeyRotation(open, randomBytes).rotate(start);
  expect(await credentialKeys(open).current(start + 3600)).toBe('k2');
  expect(await credentialKeys(open).mac('k1', 'text', start)).toEqual(before);
});

describe('derivation with KMS of moto', () => {
  const KEYS = `arn:aws:kms:${REGION}:${MOTO_ACCOUNT}:key/`;
  const MESSAGE = Buffer.from('facts');
  const kms: AwsCall = (operation, input) => callerOf('kms', moto.endpoint)(operation, input);
  const newKey = async () => {
    const spec = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' };
    const { KeyMetadata } = (await kms('CreateKey', spec)) as { KeyMetadata: { KeyId: string; Arn: string } };
    expect(KeyMetadata.Arn).toBe(KEYS + KeyMetadata.KeyId);
    return KeyMetadata.KeyId;
  };

  it('derives a value that moto verifies, the same each time, also after a change of the key', async () => {
    const [old, id] = [await newKey(), await newKey()];
    const before = await kmsDerivation(kms, { keys: KEYS, id: old }).derive(old, MESSAGE);
    const derivation = kmsDerivation(kms, { keys: KEYS, id });
    expect(derivation.currentKey).toBe(id);
    expect(await derivation.derive(old, MESSAGE)).toEqual(before);
    expect(await derivation.derive(id, MESSAGE)).not.toEqual(before);
    const verified = await kms('VerifyMac', {
      KeyId: old,
      MacAlgorithm: 'HMAC_SHA_256',
      Message: MESSAGE.toString('base64'),
      Mac: Buffer.from(before).toString('base64'),
    });
    expect(verified).toMatchObject({ MacValid: true });
  });

  it('is unavailable with a missing key or a key for another purpose', async () => {
    const { KeyMetadata } = (await kms('CreateKey', {})) as { KeyMetadata: { KeyId: string } };
    for (const id of [KeyMetadata.KeyId, '12345678-abcd-1234-abcd-1234567890ab']) {
      const failing = kmsDerivation(kms, { keys: KEYS, id }).derive(id, MESSAGE);
      await expect(failing).rejects.toMatchObject({ code: 'unavailable' });
    }
  });
});

describe('in another region of moto', () => {
  const ELSEWHERE = 'eu-west-1';
  const SERVICE: Service = {
    ...{ name: 'registry.example.com', registry: 'registry.example.com', profile: 'x5c', algorithm: 'ES256' },
    lifetimeSeconds: 300,
  };
  const there = () => secretsManager(callerIn(ELSEWHERE, 'secretsManager', moto), randomBytes);
  const copying = { tags: {}, copy: { region: ELSEWHERE } };
  const here = () => secretsManager(callerOf('secretsManager', moto.endpoint), randomBytes, copying);
  const ofBoth = async (prefix: string) => {
    const stores = [secretKeyStore(here(), prefix), secretKeyStore(there(), prefix)];
    return Promise.all(stores.map(store => store.read(SERVICE.name, 'ring.json')));
  };

  it('keys have equal copies from the start and after each change, and none when the service was removed', async () => {
    const prefix = aPrefix();
    const store = secretKeyStore(here(), prefix);
    await maintainRing(SERVICE, store, now());
    const [first, copy] = await ofBoth(prefix);
    expect(copy).toBe(first);
    await activateKey(SERVICE, store, now());
    const [second, copyOfSecond] = await ofBoth(prefix);
    expect(second).not.toBe(first);
    expect(copyOfSecond).toBe(second);
    await store.remove(SERVICE.name);
    expect(await secretKeyStore(there(), prefix).read(SERVICE.name, 'ring.json')).toBeUndefined();
  });

  it('a secret that had none gets its copy, once', async () => {
    const name = `${aPrefix()}/credential`;
    await credentialKeyRotation(secretKeySource(secrets(), name), randomBytes).maintain(now());
    const copies = secretCopies(callerOf('secretsManager', moto.endpoint), { region: ELSEWHERE });
    for (const _ of [1, 2]) await copies.ensure(name);
    expect(await there().read(name)).toBe(await secrets().read(name));
  });

  it('a replica of a multi-Region key derives the same values, and a key of one region none', async () => {
    const kms = callerOf('kms', moto.endpoint);
    const spec = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC', MultiRegion: true };
    const { KeyMetadata } = (await kms('CreateKey', spec)) as { KeyMetadata: { KeyId: string } };
    const { KeyId } = KeyMetadata;
    const id = KeyId.replaceAll('-', '').replace('mrk', 'mrk-');
    const before = await kmsDerivation(spelled(kms, [id, KeyId]), { keys: keysIn(REGION), id }).derive(
      id,
      Buffer.from('facts'),
    );
    await kms('ReplicateKey', { KeyId, ReplicaRegion: ELSEWHERE });
    // The key of the deployment there is one of its own.
    const elsewhere = { keys: keysIn(ELSEWHERE), id: '12345678-abcd-1234-abcd-1234567890ab' };
    const derivation = kmsDerivation(spelled(callerIn(ELSEWHERE, 'kms', moto), [id, KeyId]), elsewhere);
    expect(await derivation.derive(id, Buffer.from('facts'))).toEqual(before);
    await expect(derivation.derive(elsewhere.id, Buffer.from('facts'))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

/** AWS writes the ids of multi-Region keys without the hyphens of moto's. */
function spelled(call: AwsCall, [id, moto]: readonly [id: string, moto: string]): AwsCall {
  return async (operation, input) => {
    const asked = JSON.parse(JSON.stringify(input).replaceAll(id, moto));
    return JSON.parse(JSON.stringify(await call(operation, asked)).replaceAll(moto, id));
  };
}

const keysIn = (region: string) => `arn:aws:kms:${region}:${MOTO_ACCOUNT}:key/`;

describe.each(REGISTRIES)('a registry that trusts rings in moto: %s', kind => {
  it('accepts tokens before and after a rotation, and after a replacement only with the new bundle', async () => {
    const address = `localhost:${await freePort()}`;
    const service: Service = {
      ...{ name: address, registry: address, profile: 'x5c', algorithm: 'ES256' },
      lifetimeSeconds: 300,
    };
    const prefix = aPrefix();
    const directory = () => secretKeyStore(secrets(), prefix);
    const sign = () => signBy(service, directory());
    await maintainRing(service, directory(), now());
    let registry = await registryFor(kind, service, directory());
    try {
      const first = await sign();
      expect(await statusWith(address, first)).toBe(404);
      await activateKey(service, directory(), now());
      const second = await sign();
      expect(second.split('.')[0]).not.toBe(first.split('.')[0]);
      expect([await statusWith(address, first), await statusWith(address, second)]).toEqual([404, 404]);

      await replaceKeys(service, directory(), now());
      const third = await sign();
      expect([await statusWith(address, second), await statusWith(address, third)]).toEqual([404, 401]);
      await registry.stop();
      registry = await registryFor(kind, service, directory());
      const answers = await Promise.all([first, second, third].map(token => statusWith(address, token)));
      expect(answers).toEqual([401, 401, 404]);
    } finally {
      await registry.stop();
    }
  });
});

/** As an instance that has just started signs. */
function signBy(service: Service, directory: KeyStore): Promise<string> {
  const signer = accessTokenSigner({ services: [service], rings: cachedRings(directory) });
  return signer.sign(claimsFor(service, now()), now());
}

/** A registry with what is published at this moment. */
async function registryFor(kind: RegistryKind, service: Service, directory: KeyStore): Promise<Registry> {
  const publication = keyPublication([service], directory);
  const path = join(home, randomBytes(4).toString('hex'));
  await writeRegistryFiles({
    directory: path,
    service,
    port: portsOf([service.registry])[0] ?? '',
    publicUrl: ISSUER,
    jwks: await publication.jwks(service.name, now()),
    bundle: await publication.rootCertBundle(service.name, now()),
  });
  return startRegistry({ kind, address: service.registry, configFile: join(path, 'config.yml') });
}

/** 404 from a registry that lets the token in, for it holds nothing; 401 from one that does not. */
async function statusWith(address: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await fetch(`http://${address}/v2/team-a/app/tags/list`, { headers });
  return status;
}
